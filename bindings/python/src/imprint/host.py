"""Sessions over real sockets: TCP for links of bytes, UDP for links of datagrams."""
from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any, Callable, Coroutine, Dict, Optional, Tuple, TypeVar
from urllib.parse import urlsplit

from .catalogue import kind_below
from .errors import error
from .loop import DATAGRAM, Loop, Server, outcome
from .message import Bytes, Message
from .session import Clock, Session
from .words import Status, Verb

T = TypeVar("T")
PORTS = {"http": 80, "https": 443, "tcp": 0, "coap": 5683, "coaps": 5684, "coap+tcp": 5683}
CONNECT_S = 10.0


def address_name(address: Any) -> bytes:
    """The name of a UDP peer: 4 or 16 bytes of address and the port in network order."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    return socket.inet_pton(family, address[0].partition("%")[0]) + int(address[1]).to_bytes(2, "big")


def address_of(name: bytes) -> Tuple[str, int]:
    """The inverse."""
    family = socket.AF_INET if len(name) == 6 else socket.AF_INET6
    return socket.inet_ntop(family, name[:-2]), int.from_bytes(name[-2:], "big")


class Host(Loop):
    """Runs sessions in a thread of its own.

    ``with Host() as host:`` and then ``host.serve(server)``, ``host.run(session)``.  Questions are answered from that
    thread, or later from any.  What your callables raise there, the next run() or wait() raises.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(self._failed)
        self._news = threading.Condition()
        self._said_so_far = 0
        self._trouble: "list[BaseException]" = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="imprint", daemon=True)
        self._thread.start()
        self._links: Dict[Tuple[Session, int], "_Link"] = {}
        self._servers: "list[asyncio.BaseTransport | asyncio.AbstractServer]" = []

    def __enter__(self) -> "Host":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every socket and end the thread."""
        if self._loop.is_closed():
            return
        self._wait(self._closed())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _closed(self) -> None:
        for s in self._servers:
            s.close()
        for link in list(self._links.values()):
            link.close()
        await asyncio.sleep(0)

    def _wait(self, work: Coroutine[Any, Any, T], timeout: Optional[float] = None) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def _here(self) -> bool:
        return threading.current_thread() is self._thread

    # --- the loop

    def later(self, ms: int, call: Callable[[], object]) -> None:
        if self._here():
            self._loop.call_later(ms / 1000, call)
        else:
            self._loop.call_soon_threadsafe(self._loop.call_later, ms / 1000, call)

    def _said(self, session: Session, messages: "list[Message]") -> None:
        if self._here():
            super()._said(session, messages)
            self._tell()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._said, session, messages)

    def join(self, session: Session) -> Session:
        return session if session in self._carriers else self.adopt(session, self._client)

    def wait(self, happened: Callable[[], bool], seconds: float) -> bool:
        end = self.clock.now() + int(seconds * 1000)
        while True:
            seen = self._said_so_far
            if happened() or self._trouble or self.clock.now() >= end:
                break
            with self._news:
                if seen == self._said_so_far:
                    self._news.wait(max(end - self.clock.now(), 0) / 1000)
        if self._trouble:
            raise self._trouble.pop(0)
        return happened()

    def _failed(self, loop: asyncio.AbstractEventLoop, context: "dict[str, Any]") -> None:
        """An answer, a watch or a hear of yours raised: whoever waits hears it."""
        self._trouble.append(context.get("exception") or RuntimeError(context["message"]))
        self._tell()

    def _tell(self) -> None:
        with self._news:
            self._said_so_far += 1
            self._news.notify_all()

    def run(self, session: Session, topic: int = 0, name: Bytes = b"", *, timeout: float = 30.0) -> Status:
        """Start a session and wait until it is over: :meth:`Session.result`."""
        self.join(session)
        self.later(0, lambda: self.feed(session, Message(Verb.START, topic, name=name)))
        self.wait(lambda: session.done is not None or session.status < 0, timeout)
        return outcome(session, f"not over after {timeout} s")

    # --- servers

    def serve(self, server: Server, address: str = "127.0.0.1", port: int = 0) -> Tuple[str, int]:
        """Listen; the address and port, of TCP, or of UDP if its links are datagrams."""
        server.loop = self
        stack = "/" + server.front if server.front else server.stack
        return self._wait(self._listen(server, address, port, kind_below(stack) == "dgram"))

    async def _listen(self, server: Server, address: str, port: int, datagrams: bool) -> Tuple[str, int]:
        if datagrams:
            transport, _ = await self._loop.create_datagram_endpoint(lambda: _ServerSocket(server), local_addr=(address, port))
            self._servers.append(transport)
            found: Tuple[str, int] = transport.get_extra_info("sockname")[:2]
            return found
        listener = await self._loop.create_server(lambda: _Link(self, None, 0, server=server), address, port)
        self._servers.append(listener)
        found = listener.sockets[0].getsockname()[:2]
        return found

    # --- clients

    def _client(self, s: Session, m: Message) -> None:
        link = self._links.get((s, m.link))
        if m._verb == Verb.OPEN:
            if link is not None:
                link.close()
            self._links[s, m.link] = link = _Link(self, s, m.link)
            self._loop.create_task(self._connect(link, m))
        elif m._verb == Verb.TX and link is not None:
            link.send(m)
        elif m._verb == Verb.TX and m.ticket:
            self.later(0, lambda: self.feed(s, Message(Verb.ANSWER, 0, Status.ELINK, ticket=m.ticket, link=m.link)))
        elif m._verb == Verb.SHUT and link is not None:
            link.close()

    async def _connect(self, link: "_Link", m: Message) -> None:
        assert link.session is not None
        kind = kind_below(link.session.stack, link.link)
        code = Status.ELINK
        try:
            uri = urlsplit(m.text)
            where = (uri.hostname or "", uri.port or PORTS.get(uri.scheme, 0))
            if kind == "dgram":
                work: Any = self._loop.create_datagram_endpoint(lambda: _ClientSocket(link), remote_addr=where)
            elif kind == "stream":
                work = self._loop.create_connection(lambda: link, *where)
            else:
                raise error(Status.EUNSUP, f"the host has no sockets for links of kind {kind}")
            await asyncio.wait_for(work, m.when / 1000 if m.when else CONNECT_S)
        except asyncio.TimeoutError:
            code = Status.ETIME
        except (OSError, ValueError):
            pass
        else:
            self.feed(link.session, Message(Verb.UP, 0, DATAGRAM if kind == "dgram" else 0, ticket=m.ticket, link=link.link))
            return
        self._links.pop((link.session, link.link), None)
        self.feed(link.session, Message(Verb.DOWN, 0, code, ticket=m.ticket, link=link.link))


class _Link(asyncio.Protocol):
    """A TCP connection, or a client's UDP socket, below a session."""

    def __init__(self, host: Host, session: Optional[Session], link: int, server: Optional[Server] = None) -> None:
        self.host, self.session, self.link, self.server = host, session, link, server
        self.transport: Any = None
        self.shut = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        if self.shut:
            transport.close()
        elif self.server is not None:
            self.session = self.server.connection(self._carry)
            self.host._links[self.session, 0] = self
            self.host.feed(self.session, Message(Verb.UP, 0))

    def _carry(self, s: Session, m: Message) -> None:
        if m._verb == Verb.TX:
            self.send(m)
        elif m._verb == Verb.SHUT:
            self.close()

    def send(self, m: Message) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        if hasattr(self.transport, "sendto"):
            self.transport.sendto(m.data)
        else:
            self.transport.write(m.data)

    def data_received(self, data: bytes) -> None:
        session = self.session
        if session is None or self.shut:
            return
        for at in range(0, len(data), session.max_msg):
            self.host.feed(session, Message(Verb.RX, data=data[at:at + session.max_msg], link=self.link))

    def connection_lost(self, exc: Optional[Exception]) -> None:
        session = self.session
        if session is None:
            return
        self.host._links.pop((session, self.link), None)
        if not self.shut:
            self.shut = True
            self.host.feed(session, Message(Verb.DOWN, 0, Status.ELINK if exc else 0, link=self.link))
        if self.server is not None:
            self.host.drop(session)

    def close(self) -> None:
        """SHUT: what was written goes out, nothing more is heard."""
        self.shut = True
        if self.session is not None and self.host._links.get((self.session, self.link)) is self:
            del self.host._links[self.session, self.link]
        if self.transport is not None:
            self.transport.close()


class _ClientSocket(asyncio.DatagramProtocol):
    def __init__(self, link: _Link) -> None:
        self.link = link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.link.connection_made(transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        link = self.link
        if link.session is not None and not link.shut:
            link.host.feed(link.session, Message(Verb.RX, data=data, name=address_name(addr), link=link.link))


class _ServerSocket(asyncio.DatagramProtocol):
    def __init__(self, server: Server) -> None:
        self.server = server
        self.transport: Optional[asyncio.DatagramTransport] = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.server.datagram(data, address_name(addr), self._send)

    def _send(self, data: bytes, peer: bytes) -> None:
        if self.transport is not None:
            self.transport.sendto(data, address_of(peer))
