"""A network in memory, on a clock of its own, with your hand on every message."""
from __future__ import annotations

import heapq
import itertools
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union
from urllib.parse import urlsplit

from .catalogue import kind_below
from .loop import DATAGRAM, NO_FORMAT, Carrier, Loop, Server, outcome
from .message import Bytes, Message, as_bytes
from .session import Clock, Session
from .words import Status, Verb

Hooked = Union[None, bool, Message, Sequence[Message]]
LOST_MS = 5000
"""When a request that was dropped, or whose reply was, is given up."""


class VirtualClock(Clock):
    """Time that passes when nothing else happens."""

    def __init__(self, unix: int = 1_700_000_000) -> None:
        self.ms, self._unix = 1000, unix

    def now(self) -> int:
        return self.ms

    def unix(self) -> int:
        return self._unix + self.ms // 1000

    def read(self) -> Tuple[int, int]:
        return self.ms, self.unix()


class Flight:
    """A message in flight.

    ``n``         the how-manieth it is, from 1
    ``sender``, ``receiver``   labels of the two ends
    ``message``   as it will arrive (RX, or the ANSWER to one); change it, or return another from the hook
    ``delay``     ms until it arrives; more than the others' is reordering
    ``request``   the Flight that this ANSWER replies to
    """

    __slots__ = ("n", "sender", "receiver", "message", "delay", "request", "_arrive", "_lost", "_network")

    def __init__(self, network: "Network", sender: str, receiver: str, message: Message, arrive: Callable[[Message], object],
                 lost: Callable[[], object], request: "Optional[Flight]") -> None:
        self.n, self.sender, self.receiver, self.message = next(network._counter), sender, receiver, message
        self.delay, self.request = 1, request
        self._network, self._arrive, self._lost = network, arrive, lost

    def repeat(self, message: Optional[Message] = None, ms: int = 1) -> None:
        """Let it (or another in its place) arrive once more, `ms` from now: a replay."""
        m = (message or self.message).replace()
        self._network.later(ms, lambda: self._arrive(m))

    def __repr__(self) -> str:
        return f"<Flight {self.n} {self.sender} -> {self.receiver}: {self.message}>"


class Network(Loop):
    """Sessions and servers wired together in memory.

    ``hook`` is called with every :class:`Flight`.  It returns None or True (let it pass, changed or not), False (it is
    lost), a Message in its place, or a list of them; ``flight.delay`` reorders, ``flight.repeat()`` replays.
    ``record`` keeps every flight, as it was before the hook saw it.

    >>> from imprint import Network
    >>> network = Network(hook=lambda flight: print(flight))
    """

    def __init__(self, hook: Optional[Callable[[Flight], Hooked]] = None, clock: Optional[VirtualClock] = None) -> None:
        super().__init__()
        self.clock: VirtualClock = clock or VirtualClock()
        self.hook = hook
        self.record: List[Tuple[Flight, Message]] = []
        self.servers: Dict[str, Server] = {}
        self._events: List[Tuple[int, int, Callable[[], object]]] = []
        self._counter = itertools.count(1)
        self._order = itertools.count()
        self._ends: "Dict[Tuple[Session, int], _End | _Requests]" = {}

    # --- time

    def later(self, ms: int, call: Callable[[], object]) -> None:
        heapq.heappush(self._events, (self.clock.ms + ms, next(self._order), call))

    def run(self, session: Optional[Session] = None, topic: int = 0, name: Bytes = b"", *, ms: int = 3_600_000) -> Status:
        """Start a session and run until it is over: :meth:`Session.result`.

        Without one: until nothing happens any more, or `ms` have passed.
        """
        if session is None:
            self.until(lambda: False, ms)
            return Status.OK
        self.start(session, topic, name)
        self.until(lambda: session.done is not None or session.status < 0, ms)
        return outcome(session, f"nothing happened for {ms} ms")

    def until(self, happened: Callable[[], bool], ms: int = 3_600_000) -> bool:
        """Run until that; False: it did not happen, nothing is left to do or `ms` have passed."""
        end = self.clock.ms + ms
        while not happened():
            if not self._events or self._events[0][0] > end:
                return False
            at, _, call = heapq.heappop(self._events)
            self.clock.ms = max(self.clock.ms, at)
            call()
        return True

    def wait(self, happened: Callable[[], bool], seconds: float) -> bool:
        return self.until(happened, int(seconds * 1000))

    # --- players

    def serve(self, host: str, server: Server) -> Server:
        """This server is who URIs with that host name mean."""
        server.loop = self
        self.servers[host] = server
        return server

    def join(self, session: Session) -> Session:
        """Run a session: what it OPENs leads to the server of that name."""
        return self.adopt(session, self._client)

    def start(self, session: Session, topic: int = 0, name: Bytes = b"") -> Session:
        """join() it and feed it START."""
        if session not in self._carriers:
            self.join(session)
        self.feed(session, Message(Verb.START, topic, name=name))
        return session

    def wire(self, a: Session, b: Session, *, links: Tuple[int, int] = (0, 0), size: int = 0) -> None:
        """Join two sessions by a link: what one sends the other receives.  An OPEN of either brings UP to both."""
        one, two = _End(self, a, links[0], size), _End(self, b, links[1], size)
        one.other, two.other = two, one
        for end in (one, two):
            self._ends[end.session, end.link] = end
            if end.session not in self._carriers:
                self.adopt(end.session, self._client)

    # --- carrying

    def fly(self, sender: str, receiver: str, message: Message, arrive: Callable[[Message], object],
            lost: Callable[[], object] = lambda: None, request: Optional[Flight] = None) -> Flight:
        """Send a message on its way, through the hook."""
        flight = Flight(self, sender, receiver, message, arrive, lost, request)
        self.record.append((flight, message.replace()))
        said = self.hook(flight) if self.hook is not None else None
        if said is None or said is True:
            said = flight.message
        landing = [said] if isinstance(said, Message) else [] if said is False else list(said)
        for m in landing:
            self.later(flight.delay, lambda m=m: arrive(m))  # type: ignore[misc]
        if not landing:
            lost()
        return flight

    def _client(self, s: Session, m: Message) -> None:
        end = self._ends.get((s, m.link))
        if end is not None and (end.other is not None or m._verb != Verb.OPEN):
            end.says(m)
        elif m._verb == Verb.OPEN:
            self._open(s, m)
        elif m._verb == Verb.TX and m.ticket:
            self.feed(s, Message(Verb.ANSWER, 0, Status.ELINK, ticket=m.ticket))

    def _open(self, s: Session, m: Message) -> None:
        host = urlsplit(m.text).hostname or m.text
        server = self.servers.get(host)
        if server is None:
            down = Message(Verb.DOWN, 0, Status.ELINK, ticket=m.ticket, link=m.link)
            self.later(1, lambda: self.feed(s, down))
            return
        kind = kind_below(s.stack, m.link)
        if kind == "rest":
            self._ends[s, m.link] = _Requests(self, s, m.link, server)
        else:
            self._connect(s, m.link, kind, server)
        up = Message(Verb.UP, 0, {"rest": 65535, "dgram": DATAGRAM}.get(kind, 0), ticket=m.ticket, link=m.link)
        self.later(1, lambda: self.feed(s, up))

    def _connect(self, s: Session, link: int, kind: str, server: Server) -> None:
        near = self._ends[s, link] = _End(self, s, link)
        if kind == "dgram":
            near.other = _Datagrams(self, near, server)
            return
        far = _End(self, server.connection(lambda s, m: far.says(m)), 0)
        self._ends[far.session, 0] = far
        far.other, near.other = near, far
        self.later(1, lambda: self.feed(far.session, Message(Verb.UP)))


class _End:
    """One end of a link between two sessions."""

    def __init__(self, network: Network, session: Session, link: int, size: int = 0) -> None:
        self.network, self.session, self.link, self.size = network, session, link, size
        self.other: Optional[Any] = None
        self.opened = False
        self.tickets: Dict[int, int] = {}

    @property
    def label(self) -> str:
        return self.session.label

    def hears(self, m: Message) -> None:
        """A stream's bytes come in pieces that the session can take."""
        most = self.session.max_msg
        if m._verb == Verb.RX and len(m.data) > most and kind_below(self.session.stack, self.link) == "stream":
            for at in range(0, len(m.data), most):
                self.network.feed(self.session, m.replace(data=m.data[at:at + most]))
        else:
            self.network.feed(self.session, m)

    def says(self, m: Message) -> None:
        if m._verb == Verb.TX and self.other is not None:
            self._sends(m)
        elif m._verb == Verb.ANSWER:
            self._answers(m)
        elif m._verb == Verb.TX and m.ticket:
            self.hears(Message(Verb.ANSWER, 0, Status.ELINK, ticket=m.ticket, link=self.link))
        elif m._verb == Verb.OPEN and self.other is not None:
            self._opens(m)
        elif m._verb == Verb.SHUT and self.other is not None:
            gone, self.other = self.other, None
            self.network._ends.pop((self.session, self.link), None)
            gone.hung_up()

    def _opens(self, m: Message) -> None:
        assert self.other is not None
        self.opened = True
        up = Message(Verb.UP, 0, self.size, ticket=m.ticket, link=self.link)
        self.network.later(1, lambda: self.hears(up))
        if not self.other.opened:
            far = self.other
            self.network.later(1, lambda: far.hears(Message(Verb.UP, 0, far.size, link=far.link)))

    def _sends(self, m: Message) -> None:
        far = self.other
        assert far is not None
        rx = m.replace(verb=Verb.RX, link=far.link, ticket=0)
        if m.ticket:
            rx.ticket = far.expect(m.ticket)
        else:
            rx.name = as_bytes(self.label)
        self.network.fly(self.label, far.label, rx, far.hears)

    def expect(self, theirs: int) -> int:
        """A ticket of ours for one of theirs."""
        ours = next(self.network._tickets) & 0xFFFFFF
        self.tickets[ours] = theirs
        return ours

    def _answers(self, m: Message) -> None:
        far, theirs = self.other, self.tickets.pop(m.ticket, 0)
        if far is not None and theirs:
            self.network.fly(self.label, far.label, m.replace(ticket=theirs, link=far.link), far.hears)

    def hung_up(self) -> None:
        self.other = None
        self.network._ends.pop((self.session, self.link), None)
        self.network.later(1, lambda: self.hears(Message(Verb.DOWN, link=self.link)))


class _Requests:
    """A link whose messages are requests: to a server without bytes between."""

    other: Optional[Any] = None

    def __init__(self, network: Network, session: Session, link: int, server: Server) -> None:
        self.network, self.session, self.link, self.server = network, session, link, server

    def says(self, m: Message) -> None:
        if m._verb == Verb.TX:
            self._sends(m)
        elif m._verb == Verb.SHUT:
            self.network._ends.pop((self.session, self.link), None)

    def _sends(self, m: Message) -> None:
        net, me, server = self.network, self.session, self.server

        def answered(a: Message) -> None:
            net.feed(me, a.replace(ticket=m.ticket, link=self.link))

        def lost() -> None:
            if m.ticket:
                net.later(LOST_MS, lambda: answered(Message(Verb.ANSWER, NO_FORMAT, Status.ETIME)))

        def arrived(rx: Message) -> None:
            server.request(rx, lambda a: net.fly(server.label, me.label, a, answered, lost, flight))

        flight = net.fly(me.label, server.label, m.replace(verb=Verb.RX, link=0), arrived, lost)


class _Datagrams:
    """A server as the other end of a client's datagrams."""

    opened = True

    def __init__(self, network: Network, client: _End, server: Server) -> None:
        self.network, self.client, self.server, self.link, self.label = network, client, server, 0, server.label

    def hears(self, m: Message) -> None:
        if m._verb == Verb.RX:
            self.server.datagram(m.data, self.client.label.encode()[:20], self._send)

    def _send(self, data: bytes, peer: bytes) -> None:
        rx = Message(Verb.RX, data=data, name=self.label, link=self.client.link)
        self.network.fly(self.label, self.client.label, rx, self.client.hears)

    def hung_up(self) -> None:
        pass


__all__ = ["Carrier", "Flight", "Network", "VirtualClock"]
