"""Every example in the documentation runs."""
import doctest
import importlib
import pathlib
import pkgutil

import imprint
import pytest

MODULES = sorted(m.name for m in pkgutil.iter_modules(imprint.__path__) if not m.name.startswith("_"))


@pytest.mark.parametrize("name", ["", *("." + m for m in MODULES)])
def test_docstrings(name: str) -> None:
    module = importlib.import_module("imprint" + name)
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0
    assert module.__doc__, "every module says what it is"


def test_readme() -> None:
    path = pathlib.Path(__file__).parent.parent / "README.md"
    ran = doctest.testfile(str(path), module_relative=False)
    assert ran.attempted > 10 and ran.failed == 0


def test_everything_public_has_a_docstring() -> None:
    bare = [name for name in imprint.__all__ if callable(getattr(imprint, name)) and not getattr(imprint, name).__doc__]
    assert not [name for name in bare if not name.endswith("Error")]
