"""What networks and hosts have in common: sessions that run, and servers of many of them."""
from __future__ import annotations

import itertools
import os
import weakref
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Mapping, Optional, Tuple, Union

from .catalogue import layers_of
from .errors import Error, UnsupportedError, error
from .facts import Facts
from .message import NEVER, Bytes, Message
from .session import Answerer, Clock, Session
from .words import Status, Topic, Triage, Verb

Carrier = Callable[[Session, Message], object]
Respond = Callable[[Message], object]
NO_FORMAT = 0xFFFF
DATAGRAM = 1232  # bytes that any path of IPv6 carries


class Loop:
    """Feeds sessions, ticks them, and gives what they say to whoever carries it."""

    clock: Clock

    def __init__(self) -> None:
        self._carriers: Dict[Session, Carrier] = {}
        self._alarms: Dict[Session, int] = {}
        self._tickets = itertools.count(1)

    def later(self, ms: int, call: Callable[[], object]) -> None:
        """Call it in so many milliseconds."""
        raise NotImplementedError

    def adopt(self, session: Session, carrier: Carrier) -> Session:
        """Run a session: its clock is ours, and `carrier` is given what it says."""
        session.clock = self.clock
        session.sink = self._said
        self._carriers[session] = carrier
        return session

    def drop(self, session: Session) -> None:
        """Run it no more."""
        self._carriers.pop(session, None)
        self._alarms.pop(session, None)

    def feed(self, session: Session, *messages: Message) -> None:
        """Feed a session that we run; if it breaks, result() says so and its links hear it."""
        if session not in self._carriers:
            return
        try:
            session.feed(*messages)
        except Error:
            self._broke(session)

    def _broke(self, session: Session) -> None:
        carrier = self._carriers.get(session)
        if carrier is not None and session.status < 0 and session.done is None:
            carrier(session, Message(Verb.SHUT, 0, session.status))

    def _said(self, session: Session, messages: List[Message]) -> None:
        carrier = self._carriers.get(session)
        self._wake(session)
        for m in messages:
            if carrier is not None:
                carrier(session, m)
            if session.hear is not None and (m._verb < 0x80 or m._verb == Verb.ANSWER):
                session.hear(session, m)

    def _wake(self, session: Session) -> None:
        at = session.deadline
        if session not in self._carriers or at == NEVER or self._alarms.get(session) == at:
            return
        self._alarms[session] = at
        self.later(max(at - self.clock.now(), 0), lambda: self._rang(session, at))

    def _rang(self, session: Session, at: int) -> None:
        if self._alarms.get(session) != at:
            return
        del self._alarms[session]
        if session.deadline <= self.clock.now():
            self.feed(session, Message(Verb.TICK))
        else:
            self._wake(session)

    def exchange(self, session: Session, message: Message, until: Callable[[Message], bool], seconds: float = 30.0) -> Message:
        """Feed one message, and wait for the first that is said of which `until` is true.

        LinkError: the link went down instead; ExpiredError: nothing of the kind came.
        """
        found: List[Message] = []
        before = session.hear

        def hear(s: Session, m: Message) -> None:
            if not found and (until(m) or m._verb == Verb.DOWN):
                found.append(m)
            if before is not None:
                before(s, m)

        session.hear = hear
        self.later(0, lambda: self.feed(session, message))
        self.wait(lambda: bool(found) or session.status < 0, seconds)
        session.hear = before
        if not found:
            raise error(Status.ETIME if session.status >= 0 else session.status, "", session.where)
        if found[0]._verb == Verb.DOWN and not until(found[0]):
            raise error(found[0].code if found[0].code < 0 else Status.ELINK)
        return found[0]

    def wait(self, happened: Callable[[], bool], seconds: float) -> bool:
        """Until that, at most so long; False: it did not happen."""
        raise NotImplementedError

    def connect(self, session: Session, uri: Bytes, options: Bytes = b"", *, seconds: float = 30.0) -> Message:
        """For a session whose top you are: OPEN its link; the UP that follows."""
        return self.exchange(self.join(session), Message(Verb.OPEN, name=uri, data=options), lambda m: m._verb == Verb.UP, seconds)

    def request(self, session: Session, method: int, path: Bytes, data: Bytes = b"", topic: int = NO_FORMAT, *, seconds: float = 30.0) -> Message:
        """For a REST session that is connected: a request; its ANSWER."""
        ticket = next(self._tickets)
        m = Message(Verb.TX, topic, method, name=path, data=data, ticket=ticket)
        return self.exchange(session, m, lambda a: a._verb == Verb.ANSWER and a.ticket == ticket, seconds)

    def join(self, session: Session) -> Session:
        """Run a session; what it OPENs is opened."""
        raise NotImplementedError


class Server:
    """The far side of many devices: it makes a session for each that comes.

    ``stack``   of its sessions; "fdo" alone if ``front`` stands before it
    ``role``    what they play; or a dict of what they play by the hint of triage(), everything else is refused:
                ``{"to2": "owner"}``
    ``front``   the layers that carry requests to it, one session for each connection: "http"
    ``facts``, ``answer``, ``watch``, ``hear`` and sizes: as a Session's, the facts shared by all

    What triage() says decides which session a message is for.  ``sessions`` are those that live, by
    key, at most ``most``; ``ended`` the last thousand that are over, in order.
    """

    def __init__(self, stack: str, role: Union[str, Mapping[str, str]], *, front: str = "",
                 facts: Union[Facts, Mapping[Any, Any], None] = None, answer: Optional[Answerer] = None,
                 watch: Optional[Callable[[Session, Message, bool], object]] = None,
                 hear: Optional[Callable[[Session, Message], object]] = None, label: str = "", most: int = 10_000, **sizes: Any) -> None:
        self.stack, self.role, self.front, self.hear, self.most = stack, role, front, hear, most
        self.facts = facts if facts is None or isinstance(facts, Facts) else Facts(facts)
        self.answerer, self.watch, self.sizes = answer, watch, sizes
        self.label = label or (role if isinstance(role, str) else "+".join(sorted(set(role.values()))))
        self.sessions: Dict[bytes, Session] = {}
        self.ended: Deque[Session] = deque(maxlen=1000)
        self.loop: Optional[Loop] = None
        self.secret = os.urandom(64)
        self._sorter = Session(stack, role if isinstance(role, str) else next(iter(role.values())), **sizes)
        self._tickets = itertools.count(1)
        self._waiting: Dict[int, Tuple[Session, Respond]] = {}
        self._send: Dict[Session, Callable[[bytes, bytes], object]] = {}
        self._links: "weakref.WeakSet[Session]" = weakref.WeakSet()  # sessions that are a connection

    def _role(self, hint: str) -> Optional[str]:
        return self.role if isinstance(self.role, str) else self.role.get(hint)

    def make(self, name: Bytes = b"", role: str = "") -> Session:
        """A session of ours; one with a top is begun with this name."""
        assert self.loop is not None, "serve() it first"
        s = Session(self.stack, role or self._role("") or "owner", facts=self.facts, answer=self.answerer, watch=self.watch,
                    hear=self.hear, label=self.label, **self.sizes)
        self.loop.adopt(s, self._sinks)
        if not self.stack.startswith("/"):
            self.loop.feed(s, Message(Verb.START, name=name))
        return s

    # --- requests

    def request(self, rx: Message, respond: Respond) -> None:
        """A request came: `respond` is called with its ANSWER, now or later."""
        session, _ = self._sorted(rx, respond)
        if session is None:
            return
        ticket = next(self._tickets) & 0xFFFFFF or next(self._tickets)
        self._waiting[ticket] = (session, respond)
        assert self.loop is not None
        self.loop.feed(session, rx.replace(ticket=ticket))

    def _sorted(self, rx: Message, respond: Respond, foot: str = "") -> "Tuple[Optional[Session], bool]":
        """The session that a message is for, and whether it is new; None: `respond` was told, or nobody."""
        try:
            verdict, key, hint, reply = self._sorter.triage(rx, self.secret, foot)
        except UnsupportedError:  # its address is all there is to know
            verdict, key, hint, reply = Triage.FRESH, rx.name[:24], "", None
        role = self._role(hint)
        session = self.sessions.get(key)
        if verdict == Triage.BOUNCE or (verdict == Triage.KNOWN and session is None):
            if reply is not None:
                respond(reply)
        elif verdict == Triage.DROP or role is None:
            respond(Message(Verb.ANSWER, NO_FORMAT, 404, ticket=rx.ticket))
        elif session is None and len(self.sessions) >= self.most:
            respond(Message(Verb.ANSWER, NO_FORMAT, 503, ticket=rx.ticket))
        elif session is None:
            made = self.sessions[key] = self.make(hint if foot else key, role)
            return made, True
        else:
            return session, False
        return None, False

    # --- connections and datagrams

    def connection(self, carrier: Carrier) -> Session:
        """A session for one connection, whose bytes `carrier` carries."""
        assert self.loop is not None
        if not self.front:
            s = self.make()
            self._links.add(s)

            def both(s: Session, m: Message) -> None:
                carrier(s, m)
                self._sinks(s, m)

            return self.loop.adopt(s, both)
        front = Session("/" + self.front, "relay", watch=self.watch, label=self.label, **self.sizes)

        def rises(s: Session, m: Message) -> None:
            if m._verb == Verb.RX:
                assert self.loop is not None
                loop = self.loop
                self.request(m, lambda a: loop.feed(s, a.replace(ticket=m.ticket, link=m.link)))
            else:
                carrier(s, m)

        return self.loop.adopt(front, rises)

    def datagram(self, data: bytes, peer: bytes, send: Callable[[bytes, bytes], object]) -> None:
        """A datagram came from `peer`; `send(data, peer)` sends one."""
        rx = Message(Verb.RX, data=data, name=peer)
        foot = layers_of(self.stack)[-1]
        session, new = self._sorted(rx, lambda m: send(m.data, m.name or peer) if m._verb == Verb.TX else None, foot)
        if session is None:
            return
        assert self.loop is not None
        if new:
            self._send[session] = lambda data, to: send(data, to or peer)
            self.loop.feed(session, Message(Verb.UP, 0, DATAGRAM))
        self.loop.feed(session, rx)

    # --- what our sessions say

    def _sinks(self, s: Session, m: Message) -> None:
        if m._verb == Verb.ANSWER and m.ticket in self._waiting:
            _, respond = self._waiting.pop(m.ticket)
            respond(m)
        elif m._verb == Verb.TX and s in self._send:
            self._send[s](m.data, m.name)
        elif m._verb == Verb.TELL and m.topic == Topic.ROUTE:
            self.sessions[m.name] = s
        elif m._verb in (Verb.DONE, Verb.SHUT) and s not in self.ended and (s.done is not None or s.status < 0):
            self.ended.append(s)
            assert self.loop is not None
            self.loop.later(0, lambda: self._bury(s))

    def _bury(self, s: Session) -> None:
        """After DONE a session may repeat its last message until its deadline is never."""
        assert self.loop is not None
        if s.status >= 0 and s in self._send and s.deadline != NEVER:
            self.loop.later(max(s.deadline - self.loop.clock.now(), 0) + 1, lambda: self._bury(s))
            return
        for key in [k for k, v in self.sessions.items() if v is s]:
            del self.sessions[key]
        for ticket in [t for t, (v, _) in self._waiting.items() if v is s]:
            _, respond = self._waiting.pop(ticket)
            respond(Message(Verb.ANSWER, NO_FORMAT, 500))
        self._send.pop(s, None)
        if self.front or s not in self._links:
            self.loop.drop(s)


def outcome(session: Session, late: str) -> Status:
    """result(), or ExpiredError if it never came to an end."""
    if session.done is None and session.status >= 0:
        raise error(Status.ETIME, f"{late} (in {session.state() or 'an unnamed state'})")
    return session.result()
