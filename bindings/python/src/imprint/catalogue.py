"""What is built in, and what was loaded."""
from __future__ import annotations

import functools
import json
from typing import Any, Dict, List

from . import _imprint as face
from .errors import PluginError


@functools.lru_cache(maxsize=1)
def _read() -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(face.imp_face_catalogue())
    return found


def catalogue() -> Dict[str, Any]:
    """Everything there is: ``plugins``, ``layers`` with their manifests, ``cryptos``, ``names`` of numbers.

    >>> import imprint
    >>> [y["spec"] for y in imprint.catalogue()["layers"] if y["id"] == "imp.fdo"]
    ['FDO 1.1']
    """
    found: Dict[str, Any] = json.loads(face.imp_face_catalogue())
    return found


def load(path: str) -> str:
    """Load a plugin that is a module, by a path with a slash in it; its id.

    PluginError says why one is refused: with both numbers if it is of another ABI.
    """
    code, text = face.imp_face_load(path)
    said = text.decode("utf-8", "replace")
    if code < 0:
        raise PluginError(said or path)
    _read.cache_clear()
    layer.cache_clear()
    return said


@functools.lru_cache(maxsize=None)
def layer(name: str) -> Dict[str, Any]:
    """The catalogue's entry of one layer, by its id with or without "imp."; {} if there is none."""
    for y in _read()["layers"]:
        if name and y["id"] in (name, "imp." + name):
            found: Dict[str, Any] = y
            return found
    return {}


def layers_of(stack: str, link: int = 0) -> List[str]:
    """The names in a stack's link, the top first; "" for a top or link that is the host's own."""
    links = stack.split(",")
    top, *below = links[0].split("/")
    if link:
        below = links[link].split("/") if link < len(links) else []
    return [top, *below]


def kind_below(stack: str, link: int = 0) -> str:
    """What the lowest layer of a link stands on: "stream", "dgram", "rest", ..."""
    names = layers_of(stack, link)
    needs = layer(names[-1]).get("needs", []) if len(names) > 1 else layer(names[0]).get("needs", [])[link:]
    return str(needs[0]) if needs else "none"
