"""Messages: the only thing that crosses a boundary."""
from __future__ import annotations

import struct
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from . import cbor
from .words import Flag, Status, Topic, Verb

Bytes = Union[bytes, bytearray, memoryview, str]

_RECORD = struct.Struct("=IIIIHHHHiIQ")
_HEAD = struct.Struct("=iiIIQQ")
_CHANNEL = struct.Struct("=IIIIII")
_EXPORT = struct.Struct("=III")
_pack, _unpack = _RECORD.pack, _RECORD.unpack_from
_new: Any = object.__new__
_PAD = (b"", b"\0" * 7, b"\0" * 6, b"\0" * 5, b"\0" * 4, b"\0" * 3, b"\0" * 2, b"\0")
_VERBS: Dict[int, Verb] = {int(v): v for v in Verb}
_TOPICS: Dict[int, Topic] = {int(t): t for t in Topic}
_WITH_TOPIC = frozenset((Verb.ASK, Verb.TELL, Verb.LEARN, Verb.START))
NEVER = 2**64 - 1


def as_bytes(value: Bytes) -> bytes:
    """Text in UTF-8; bytes as they are."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return bytes(memoryview(value))


class Channel(NamedTuple):
    """What a secured link offers: the peer and how the link is bound.

    ``exports``: exported keys by (label, context), for a channel that is fed.
    """

    kind: int = 0
    suite: int = 0
    peer_id: bytes = b""
    peer_chain: bytes = b""
    binding: bytes = b""
    exports: Tuple[Tuple[bytes, bytes, bytes], ...] = ()

    def _packed(self) -> bytes:
        out = [_CHANNEL.pack(self.kind, self.suite, len(self.peer_id), len(self.peer_chain), len(self.binding), len(self.exports)),
               self.peer_id, self.peer_chain, self.binding]
        for label, context, key in self.exports:
            out += [_EXPORT.pack(len(label), len(context), len(key)), label, context, key]
        return b"".join(out)

    @classmethod
    def _read(cls, raw: bytes) -> "Channel":
        kind, suite, n, chain, binding, _ = _CHANNEL.unpack_from(raw)
        at = _CHANNEL.size
        return cls(kind, suite, raw[at:at + n], raw[at + n:at + n + chain], raw[at + n + chain:at + n + chain + binding])


class Message:
    """One message, as imprint.h describes it.

    ``verb``, ``topic``, ``flags``, ``link``, ``code``, ``ticket``, ``when`` are
    numbers, ``name`` and ``data`` bytes (text that is given becomes UTF-8).
    ``topic`` is a :class:`Topic` where the verb has one and it is imprint's.
    Fields may be set; :meth:`replace` makes a changed copy.
    """

    __slots__ = ("_verb", "_topic", "_flags", "link", "code", "ticket", "when", "name", "data", "_channel")

    def __init__(self, verb: int, topic: int = 0, code: int = 0, *, name: Bytes = b"", data: Bytes = b"", ticket: int = 0,
                 flags: int = 0, link: int = 0, when: int = 0, channel: Optional[Channel] = None) -> None:
        self._verb, self._topic, self._flags, self.link = verb, topic, flags, link
        self.code, self.ticket, self.when = code, ticket, when
        self.name: bytes = name if type(name) is bytes else as_bytes(name)
        self.data: bytes = data if type(data) is bytes else as_bytes(data)
        self._channel: bytes = channel._packed() if channel else b""

    @property
    def verb(self) -> Verb:
        """What it says; ValueError if no verb has this number."""
        return _VERBS.get(self._verb) or Verb(self._verb)

    @verb.setter
    def verb(self, value: int) -> None:
        self._verb = value

    @property
    def topic(self) -> int:
        """What it is about: a Topic, or the number the wire or the plugin has for it."""
        return _TOPICS.get(self._topic, self._topic) if self._verb in _WITH_TOPIC else self._topic

    @topic.setter
    def topic(self, value: int) -> None:
        self._topic = value

    @property
    def flags(self) -> Flag:
        """Bits of :class:`Flag`."""
        return Flag(self._flags)

    @flags.setter
    def flags(self, value: int) -> None:
        self._flags = value

    @property
    def channel(self) -> Optional[Channel]:
        """The security of the link below, of UP and RX; None if there is none."""
        return Channel._read(self._channel) if self._channel else None

    @property
    def status(self) -> Status:
        """``code`` as a Status; any other positive code is OK."""
        try:
            return Status(self.code)
        except ValueError:
            return Status.OK if self.code > 0 else Status.EPROTO

    @property
    def text(self) -> str:
        """``name`` as text."""
        return self.name.decode("utf-8", "surrogateescape")

    @property
    def cbor(self) -> Any:
        """``data`` decoded as CBOR; ValueError if it is none."""
        return cbor.decode(self.data)

    def replace(self, **fields: Any) -> "Message":
        """A copy with these fields changed."""
        made = Message.__new__(Message)
        for slot in Message.__slots__:
            setattr(made, slot, getattr(self, slot))
        for key, value in fields.items():
            if key not in _FIELDS:
                raise TypeError(f"a message has no field {key!r}")
            if key == "channel":
                made._channel = value._packed() if value else b""
            else:
                setattr(made, key, as_bytes(value) if key in ("name", "data") else value)
        return made

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return all(getattr(self, slot) == getattr(other, slot) for slot in Message.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        said = [_VERBS[self._verb].name if self._verb in _VERBS else hex(self._verb)]
        if self._topic:
            said.append(getattr(self.topic, "name", str(self._topic)))
        said += [f"{key}={getattr(self, key)}" for key in ("code", "ticket", "link", "when") if getattr(self, key)]
        if self._flags:
            said.append("|".join(f.name or "?" for f in Flag if self._flags & f))
        if self.name:
            said.append(f"name={self.name!r}")
        if self.data:
            said.append("data=<secret>" if self._flags & Flag.SECRET else f"data={self.data[:24]!r}{'...' if len(self.data) > 24 else ''} ({len(self.data)} B)")
        return f"<{type(self).__name__} {' '.join(said)}>"


_FIELDS = frozenset(("verb", "topic", "flags", "link", "code", "ticket", "when", "name", "data", "channel"))


def pack(m: Message) -> bytes:
    """A record, as face.h has it."""
    name, data, channel = m.name, m.data, m._channel
    n, d, c = len(name), len(data), len(channel)
    return b"".join((_pack(n, d, c, 0, m._verb, m._topic, m._flags, m.link, m.code, m.ticket, m.when), name, data, channel,
                     _PAD[(n + d + c) & 7]))


def unpack(buffer: bytes, cls: type = Message) -> "Tuple[int, int, int, List[Message], bool]":
    """(status, refused, deadline, messages, is any of them for the player?) of the output of a call; questions are of class `cls`."""
    status, refused, _, count, deadline, _ = _HEAD.unpack_from(buffer)
    at = 32
    out: List[Message] = []
    player = False
    for _ in range(count):
        n, d, c, _, verb, topic, flags, link, code, ticket, when = _unpack(buffer, at)
        m: Message = _new(cls if verb == 4 else Message)
        if 4 <= verb <= 7:  # ASK to DONE
            player = True
        m._verb = verb
        m._topic = topic
        m._flags = flags
        m.link = link
        m.code = code
        m.ticket = ticket
        m.when = when
        at += 40
        n += at
        d += n
        m.name = buffer[at:n]
        m.data = buffer[n:d]
        m._channel = buffer[d:d + c] if c else b""
        at = (d + c + 7) & ~7
        out.append(m)
    return status, refused, deadline, out, player
