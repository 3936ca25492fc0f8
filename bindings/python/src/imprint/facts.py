"""Facts: what a player knows before a run, and what runs teach it.

A :class:`Facts` is a dict of ``(topic, name)``: bytes, or a list of bytes for
a fact of many entries.  What a session learns is its own until it commits
(LEARN with NOW, or DONE(OK)); any other end drops it.
"""
from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, Mapping, MutableMapping, Optional, Tuple, Union

from . import cbor
from .message import Bytes, Message, as_bytes
from .words import Flag, Status, Verb

Key = Tuple[int, str]
Value = Union[bytes, List[bytes]]
PART = 4096
"""Bytes of a fact in one answer."""
GAP = 1 << 16
"""Bytes or entries that a part may lie behind the end of what is there."""


def _key(key: Tuple[int, Bytes]) -> Key:
    topic, name = key
    return int(topic), name if isinstance(name, str) else as_bytes(name).decode("utf-8", "surrogateescape")


def _value(value: Any) -> Value:
    if isinstance(value, list):
        return [as_bytes(v) for v in value]
    if isinstance(value, (bytes, bytearray, memoryview, str)):
        return as_bytes(value)
    raise TypeError(f"a fact is bytes, text or a list of them, not {type(value).__name__} (imprint.cbor.encode() makes bytes)")


class Facts(MutableMapping[Key, Value]):
    """The committed facts of one player, in memory.

    >>> from imprint import Facts, Topic
    >>> facts = Facts({(Topic.CONFIG, "colour"): "green"})
    >>> facts[Topic.CONFIG, "colour"]
    b'green'
    """

    def __init__(self, facts: "Mapping[Tuple[int, str], Any] | None" = None) -> None:
        self._kept: Dict[Key, Value] = {}
        self._until: Dict[Key, int] = {}
        self.commits = 0  # how many there were
        for key, value in (facts or {}).items():
            self[key] = value

    def __getitem__(self, key: Tuple[int, Bytes]) -> Value:
        return self._kept[_key(key)]

    def __setitem__(self, key: Tuple[int, Bytes], value: Any) -> None:
        self._kept[_key(key)] = _value(value)
        self._until.pop(_key(key), None)

    def __delitem__(self, key: Tuple[int, Bytes]) -> None:
        del self._kept[_key(key)]
        self._until.pop(_key(key), None)

    def __iter__(self) -> Iterator[Key]:
        return iter(list(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        return f"<Facts: {', '.join(f'{topic:#x} {name}' for topic, name in self._kept)}>"

    def decoded(self) -> Dict[Key, Any]:
        """All of them for people: what is an array, map or tagged item in CBOR is decoded."""
        return {k: [cbor.readable(e) for e in v] if isinstance(v, list) else cbor.readable(v) for k, v in self._kept.items()}

    def cbor(self, topic: int, name: str) -> Any:
        """One fact, decoded; KeyError if there is none, ValueError if it is no CBOR."""
        value = self[topic, name]
        return [cbor.decode(e) for e in value] if isinstance(value, list) else cbor.decode(value)

    def run(self) -> "Run":
        """A view for one session, with what it has learnt and not committed."""
        return Run(self)

    def sweep(self, now: int) -> None:
        """Delete what has outlived its lifetime."""
        for key in [k for k, at in self._until.items() if at <= now]:
            del self[key]


class Run:
    """What one session sees of its player's facts."""

    __slots__ = ("facts", "_mine", "_until")

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._mine: Dict[Key, Optional[Value]] = {}
        self._until: Dict[Key, int] = {}

    @property
    def provisional(self) -> Dict[Key, Optional[Value]]:
        """What was learnt since the last commit; None: forgotten."""
        return dict(self._mine)

    def get(self, key: Key) -> Optional[Value]:
        """The fact as this run sees it."""
        return self._mine[key] if key in self._mine else self.facts._kept.get(key)

    def commit(self) -> None:
        """All that was learnt counts from now on."""
        for key, value in self._mine.items():
            if value is None:
                self.facts._kept.pop(key, None)
            else:
                self.facts._kept[key] = value
            self.facts._until.pop(key, None)
        self.facts._until.update(self._until)
        self.facts.commits += bool(self._mine)
        self.drop()

    def drop(self) -> None:
        """Forget what was learnt since the last commit."""
        self._mine.clear()
        self._until.clear()

    def answer(self, ask: Message) -> Message:
        """The ANSWER to an ASK for a fact, or for the names below one."""
        reply = Message(Verb.ANSWER, ask._topic, ticket=ask.ticket)
        if ask._flags & Flag.LIST:
            return self._names(ask, reply)
        value = self.get((ask._topic, ask.text))
        at = ask.code
        if value is None or at < 0 or at > len(value) or (isinstance(value, list) and at == len(value)):
            reply.code = Status.EFACT
            return reply
        reply.data = value[at] if isinstance(value, list) else value[at:at + PART]
        reply.code = len(value)
        if at + (1 if isinstance(value, list) else len(reply.data)) < len(value):
            reply.flags = Flag.MORE
        return reply

    def _names(self, ask: Message, reply: Message) -> Message:
        names = {name for topic, name in (*self.facts._kept, *self._mine) if topic == ask._topic and name.startswith(ask.text)
                 and self.get((topic, name)) is not None}
        some = sorted(names)[max(ask.code, 0):]
        reply.code, reply.data = len(names), cbor.encode(some)
        return reply

    def learn(self, m: Message, many: Callable[[int, str], bool], now: int) -> Status:
        """Take one LEARN: write a part, forget, or drop (topic 0)."""
        key = (m._topic, m.text)
        if m._flags & Flag.FORGET:
            self._forget(key)
        elif m.code < 0:
            return Status.EARG
        elif m.code > len(self.get(key) or b"") + GAP:
            return Status.ENOSPC
        else:
            self._mine[key] = self._written(self.get(key), m, many(*key))
            if m.when:
                self._until[key] = now + m.when
        if m._flags & Flag.NOW:
            self.commit()
        return Status.OK

    def _written(self, old: Optional[Value], m: Message, many: bool) -> Value:
        at = m.code
        if many:
            entries = list(old) if isinstance(old, list) else []
            entries += [b""] * (at + 1 - len(entries))
            entries[at] = m.data
            return entries
        kept = old[:at] if at and isinstance(old, bytes) else b""
        return kept.ljust(at, b"\0") + m.data

    def _forget(self, key: Key) -> None:
        topic, name = key
        if topic == 0:
            self.drop()
            return
        below = [k for k in (*self.facts._kept, *self._mine) if k[0] == topic and name.endswith("/") and k[1].startswith(name)]
        for k in [key, *below]:
            self._mine[k] = None
            self._until.pop(k, None)
