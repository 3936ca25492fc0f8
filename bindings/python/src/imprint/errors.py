"""One exception for each status; all of them are :class:`Error`."""
from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Type

from .words import Status

if TYPE_CHECKING:
    from .message import Message


class Error(Exception):
    """A session, a call or a run failed.

    ``status``    the :class:`Status` (a class attribute of each subclass)
    ``where``     layer and state in which it broke, "" if no session did
    ``messages``  what the session still said in the feed that broke it
    """

    status: Status = Status.EPROTO
    text = "failed"

    def __init__(self, text: str = "", where: str = "", messages: "List[Message] | None" = None) -> None:
        super().__init__(": ".join(part for part in (where, text or self.text) if part))
        self.where = where
        self.messages: "List[Message]" = messages or []


class BadMessageError(Error):
    status, text = Status.EBADMSG, "the peer's bytes are malformed"


class AuthError(Error):
    status, text = Status.EAUTH, "a signature, MAC, PIN or certificate is wrong"


class DeniedError(Error):
    status, text = Status.EDENIED, "the host's policy said no"


class ProtocolError(Error):
    status, text = Status.EPROTO, "well-formed, but not allowed now"


class UnsupportedError(Error):
    status, text = Status.EUNSUP, "valid, but not implemented here"


class SpaceError(Error):
    status, text = Status.ENOSPC, "session or work memory is too small"


class ArgumentError(Error, ValueError):
    status, text = Status.EARG, "an argument breaks a rule of imprint.h"


class ExpiredError(Error, TimeoutError):
    status, text = Status.ETIME, "the peer or the host took too long"


class LinkError(Error, ConnectionError):
    status, text = Status.ELINK, "a link went down before we were done"


class PeerError(Error):
    status, text = Status.EPEER, "the peer reported failure"


class RandomError(Error):
    status, text = Status.ERANDOM, "no entropy"


class FactError(Error, LookupError):
    status, text = Status.EFACT, "a belief this run needs is missing"


class OverError(Error):
    status, text = Status.EOVER, "the session is already over"


class StackError(ArgumentError):
    """There is no such stack, or its layers do not fit; the text says what there is."""


class PluginError(Error):
    """A module was refused; the text says why, with both numbers if it is the ABI."""

    status, text = Status.EUNSUP, "the module was refused"


_CLASSES: Dict[int, Type[Error]] = {
    c.status: c
    for c in (BadMessageError, AuthError, DeniedError, ProtocolError, UnsupportedError, SpaceError, ArgumentError, ExpiredError,
              LinkError, PeerError, RandomError, FactError, OverError)
}


def error(status: int, text: str = "", where: str = "", messages: "List[Message] | None" = None) -> Error:
    """The exception for a negative status, to be raised."""
    return _CLASSES.get(status, Error)(text, where, messages)
