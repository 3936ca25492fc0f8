"""Sessions: a running stack, and the questions it asks."""
from __future__ import annotations

import struct
import threading
import time
from collections import deque
from typing import Any, Callable, Deque, List, Mapping, Optional, Sequence, Tuple, Union, cast

from . import _imprint as face
from . import cbor
from .catalogue import layers_of
from .errors import Error, OverError, StackError, error
from .facts import Facts, Run
from .message import NEVER, Bytes, Channel, Message, as_bytes, pack, unpack
from .words import Flag, Status, Topic, Verb

_DECISIONS = frozenset((Topic.AUTHORIZE, Topic.CHOOSE, Topic.VERIFY))


class _Later:
    """The type of :data:`LATER`."""

    def __repr__(self) -> str:
        return "imprint.LATER"


LATER = _Later()
"""What a callable returns to leave a question open: ``question.answer()`` comes later."""

Reply = Union[None, bool, int, Bytes, Mapping[Any, Any], List[Any], Message, _Later]
Answerer = Callable[["Question"], Reply]


class Clock:
    """Real time.  A subclass has another: it replaces all three."""

    def now(self) -> int:
        """Milliseconds of a clock that never goes back."""
        return time.monotonic_ns() // 1_000_000

    def unix(self) -> int:
        """Seconds since 1970; 0: unknown."""
        return int(time.time())

    def read(self) -> Tuple[int, int]:
        """Both."""
        return time.monotonic_ns() // 1_000_000, int(time.time())


class Question(Message):
    """An ASK.  Answer it now or later, once."""

    __slots__ = ("session", "answered")
    session: "Session"
    answered: bool

    @property
    def claims(self) -> Any:
        """What an AUTHORIZE says of who asks: a dict keyed by Topic; {} if there is nothing."""
        found = cbor.decode(self.data) if self.data else {}
        return {_topic(k): v for k, v in found.items()} if isinstance(found, dict) else found

    def reply(self, code: int = 0, *, data: Union[Bytes, Mapping[Any, Any], List[Any]] = b"", name: Bytes = b"", topic: int = 0,
              flags: int = 0) -> Message:
        """The ANSWER message, not fed; dicts and lists become CBOR."""
        raw = data if isinstance(data, (bytes, bytearray, memoryview, str)) else cbor.encode(data)
        return Message(Verb.ANSWER, topic or self._topic, code, name=name, data=raw, ticket=self.ticket, flags=flags, link=self.link)

    def answer(self, reply: Reply = True, **fields: Any) -> List[Message]:
        """Answer: True or bytes yes, False no, or as :meth:`reply` has it; what the session says then.

        A host or network that runs the session carries what it says itself, and the list is empty.
        """
        if self.answered:
            raise OverError("the question has its answer already")
        m = self.reply(**fields) if fields else _answer(self, reply)
        if m is None:
            raise TypeError("None is no answer; False is a no")
        self.answered = True
        return self.session.feed(m)

    def deny(self, why: str = "") -> List[Message]:
        """Answer no."""
        return self.answer(code=Status.EDENIED, data=why)


def _topic(key: Any) -> Any:
    try:
        return Topic(key)
    except ValueError:
        return key


def _answer(q: Question, reply: Reply) -> Optional[Message]:
    if reply is None or isinstance(reply, Message):
        return reply
    if isinstance(reply, bool):
        return q.reply(Status.OK if reply else Status.EDENIED)
    if isinstance(reply, int):
        return q.reply(reply)
    if isinstance(reply, (bytes, bytearray, memoryview, str, Mapping, list)):
        return q.reply(len(reply) if isinstance(reply, (bytes, bytearray, memoryview)) else 0, data=reply)
    raise TypeError(f"a {type(reply).__name__} is no answer to {q}")


class Session:
    """A running stack.

    ``stack``    "fdo/http", top first; "/http": you are the top; "fdo": you carry its requests; more
                 links after commas.  A stack that does not exist is a StackError that says what does.
    ``role``     "device", "owner", "relay", "maker", "rendezvous"
    ``facts``    a :class:`Facts` or a dict of them: its questions for facts are answered from it, and what it
                 learns is kept there.  None: such messages are yours to see and to answer.
    ``answer``   called with each :class:`Question` first.  It returns True, False, bytes, a dict (CBOR), a
                 status, ``question.reply(...)``, LATER, or None: not mine.  What nobody answers is refused;
                 without ``answer`` what no fact answers is left open and returned.
    ``watch``    called with (session, message, fed) for everything that crosses; fed: you said it.
    ``hear``     called with (session, message) by a Network or Host that runs it: what rises to the host (RX, UP, DOWN,
                 TELL, DONE, open questions) and ANSWERs.  It may feed the session.
    ``sink``     takes what feed() would return (a Network or Host sets it)

    One session is used by one thread at a time (a lock sees to it); others run meanwhile, also in feed().
    """

    def __init__(self, stack: str, role: str = "device", *, facts: Union[Facts, Mapping[Any, Any], None] = None,
                 answer: Optional[Answerer] = None, watch: "Optional[Callable[[Session, Message, bool], object]]" = None,
                 max_msg: int = 0, max_chain: int = 0, exchanges: int = 0, crypto: str = "", clock: Optional[Clock] = None,
                 label: str = "", hear: "Optional[Callable[[Session, Message], object]]" = None) -> None:
        self._face: Any = face.imp_face_new(stack, role, max_msg, max_chain, exchanges, crypto)
        if self._face is None:
            raise MemoryError
        why = face.imp_face_why(self._face)
        if why:
            raise StackError(why)
        self.stack, self.role, self.label = stack, role, label or role
        self.max_msg = max_msg or 65535
        self.clock = clock or Clock()
        self.facts: Optional[Facts] = facts if facts is None or isinstance(facts, Facts) else Facts(facts)
        self.run: Optional[Run] = None if self.facts is None else self.facts.run()
        self.answerer, self.watch, self.hear = answer, watch, hear
        self.sink: "Optional[Callable[[Session, List[Message]], object]]" = None
        self.done: Optional[Message] = None
        self.open: List[Question] = []
        self.deadline = NEVER
        self._player = False
        self._top = next(iter(layers_of(stack)), "")
        self._lock = threading.RLock()

    def __del__(self) -> None:
        f, self._face = getattr(self, "_face", None), None
        if f is not None:
            face.imp_face_free(f)

    def __repr__(self) -> str:
        return f"<Session {self.label} {self.stack}{' ' + repr(self.done) if self.done else ''}>"

    # --- state

    @property
    def status(self) -> Status:
        """The sticky status: negative after it broke."""
        with self._lock:
            return Status(face.imp_face_status(self._face))

    @property
    def where(self) -> str:
        """Where it broke: "imp.fdo.prove_device: EBADMSG"; "" if it did not."""
        with self._lock:
            return face.imp_face_where(self._face)

    def state(self, layer: str = "") -> str:
        """The name of the present state of a layer (the top)."""
        with self._lock:
            return face.imp_face_state(self._face, layer or self._top)

    @property
    def size(self) -> int:
        """Bytes of session memory."""
        return face.imp_face_need(self._face)

    def result(self) -> Status:
        """OK or LATER once it is done; raises the exception of how it ended, OverError while it has not."""
        if self.done is None:
            raise error(self.status, "", self.where) if self.status < 0 else OverError("the session has not ended yet")
        if self.done.code < 0:
            why, missing = self.done.data.decode("utf-8", "replace"), self.done.text
            raise error(self.done.code, f"{why} ({missing})" if why and missing else why or missing, self.where)
        return self.done.status

    # --- feeding

    def feed(self, *messages: Message) -> List[Message]:
        """Give it messages; what it says that nobody here took care of.

        Raises the session's exception if it breaks without a DONE, or takes no more (``error.messages`` is what
        it still said).  A DONE that tells of a failure is a message; result() raises it.
        """
        with self._lock:
            failed: Optional[Error] = None
            try:
                said = self._cross(messages)
            except Error as e:
                failed, said = e, e.messages
            if self._player or self.watch is not None:
                said, failed = self._settle(said, failed)
            if self.sink is not None:
                self.sink(self, said)
                said = []
            if failed is not None:
                failed.messages = said
                raise failed
            return said

    def start(self, topic: int = 0, name: Bytes = b"") -> List[Message]:
        """Begin: START."""
        return self.feed(Message(Verb.START, topic, name=name))

    def up(self, size: int = 0, *, link: int = 0, ticket: int = 0, channel: Optional[Channel] = None) -> List[Message]:
        """A link is ready for messages of at most `size` bytes (0: any)."""
        return self.feed(Message(Verb.UP, 0, size, link=link, ticket=ticket, channel=channel))

    def rx(self, data: Bytes, name: Bytes = b"", *, link: int = 0, **fields: Any) -> List[Message]:
        """Data arrived, from `name`."""
        return self.feed(Message(Verb.RX, fields.pop("topic", 0), data=data, name=name, link=link, **fields))

    def down(self, code: int = 0, *, link: int = 0) -> List[Message]:
        """A link is gone."""
        return self.feed(Message(Verb.DOWN, 0, code, link=link))

    def tick(self) -> List[Message]:
        """The deadline has passed."""
        return self.feed(Message(Verb.TICK))

    def stop(self) -> List[Message]:
        """Give up politely."""
        return self.feed(Message(Verb.STOP))

    def _cross(self, messages: Sequence[Message]) -> List[Message]:
        """Feed in one crossing of the boundary; all that was said."""
        try:
            records = pack(messages[0]) if len(messages) == 1 else b"".join([pack(m) for m in messages])
        except (struct.error, TypeError) as e:
            raise error(Status.EARG, f"not a message: {e}") from e
        if self.watch is not None:
            for m in messages:
                self.watch(self, m, True)
        raw = face.imp_face_run(self._face, *self.clock.read(), records)
        status, refused, self.deadline, said, self._player = unpack(raw, Question)
        if refused >= 0 and (status >= 0 or self.done is not None):
            return said
        if not [m for m in said if m._verb == Verb.DONE]:  # an end that it tells itself is none of ours
            raise error(refused if refused < 0 else status, "", self.where, said)
        return said

    # --- what it says

    def _settle(self, said: List[Message], failed: Optional[Error]) -> Tuple[List[Message], Optional[Error]]:
        """Answer and keep what is for the player; the rest, in order, and the first failure."""
        rest: List[Message] = []
        pending: Deque[Message] = deque(said)
        while pending:
            reply = self._heard(pending.popleft(), rest)
            if reply is not None:
                try:
                    pending.extend(self._cross((reply,)))
                except Error as e:
                    failed = failed or e
                    pending.extend(e.messages)
        return rest, failed

    def _heard(self, m: Message, rest: List[Message]) -> Optional[Message]:
        if self.watch is not None:
            self.watch(self, m, False)
        if m._verb == Verb.ASK:
            return self._asked(cast(Question, m), rest)
        if m._verb == Verb.LEARN and self.run is not None:
            return self._learnt(m)
        if m._verb == Verb.DONE:
            self._ended(m)
        rest.append(m)
        return None

    def _asked(self, q: Question, rest: List[Message]) -> Optional[Message]:
        q.session, q.answered = self, False
        if q._flags & Flag.FORGET:
            self.open = [o for o in self.open if o.ticket != q.ticket]
            rest.append(q)
            return None
        reply: Reply = self.answerer(q) if self.answerer is not None else None
        if q.answered:
            return None
        if reply is None and self.run is not None and _is_fact(q._topic):
            reply = self.run.answer(q)
        if reply is None and self.answerer is not None:
            reply = q.reply(Status.EDENIED if q._topic in _DECISIONS else Status.EUNSUP)
        if reply is None or reply is LATER:
            self.open.append(q)
            rest.append(q)
            return None
        q.answered = True
        return _answer(q, reply)

    def _learnt(self, m: Message) -> Optional[Message]:
        assert self.run is not None
        code = self.run.learn(m, self._many, self.clock.now())
        return Message(Verb.ANSWER, m._topic, code, ticket=m.ticket) if m.ticket else None

    def _many(self, topic: int, name: str) -> bool:
        return face.imp_face_many(self._face, topic, name.encode("utf-8", "replace").decode()) != 0

    def _ended(self, m: Message) -> None:
        self.done = m
        if self.run is None:
            return
        if m.code == Status.OK:
            self.run.commit()
        else:
            self.run.drop()

    # --- elsewhere

    def triage(self, rx: Message, secret: bytes, layer: str = "") -> "Tuple[int, bytes, str, Optional[Message]]":
        """Sort one RX without a session: (Triage, session key, hint, reply).  UnsupportedError: no layer can."""
        with self._lock:
            raw = face.imp_face_triage(self._face, layer, self.clock.now(), secret, pack(rx))
        status, refused, _, found, _ = unpack(raw)
        if status < 0 or refused < 0:
            raise error(status if status < 0 else refused)
        return found[0].code, found[0].name, found[0].data.decode("utf-8", "replace"), found[1] if len(found) > 1 else None

    def derive(self, label: str, context: bytes = b"", size: int = 32, link: int = 0) -> bytes:
        """Key material of the channel that came last on this link (a session without a top)."""
        with self._lock:
            return _blob(face.imp_face_derive(self._face, link, label, context, size))

    def freeze(self, key: bytes) -> bytes:
        """The session as bytes, sealed with `key` (32 bytes).  This one stays as it is."""
        with self._lock:
            return _blob(face.imp_face_freeze(self._face, key))

    def thaw(self, key: bytes, frozen: bytes, shift: int = 0) -> None:
        """Become the session that was frozen; its clock is `shift` ms behind ours."""
        with self._lock:
            code = face.imp_face_thaw(self._face, key, frozen, shift)
        if code < 0:
            raise error(code, "not frozen with this key from this stack")
        self.deadline = face.imp_face_deadline(self._face)


def _is_fact(topic: int) -> bool:
    return 0x100 <= topic < 0x200 or topic >= 0x8000


def _blob(found: Tuple[int, bytes]) -> bytes:
    code, data = found
    if code < 0:
        raise error(code, data.decode("utf-8", "replace"))
    return data


open = Session  # noqa: A001: read imprint.open("fdo/http", role="device")
