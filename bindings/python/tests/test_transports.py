"""Transports with you on top: CoAP and DTLS, in memory and over UDP; HTTP over TCP."""
from typing import Any, List, Tuple

import imprint
import pytest
from imprint import Host, Message, Method, Network, Server, Session, Status, Topic, Verb, cbor
from imprint.words import Keys

PSK_SUITE = 0xC0A8


def shop(session: Session, m: Message) -> None:
    """The application on top of a server: it answers requests."""
    if m.verb == Verb.RX and m.ticket:
        session.feed(Message(Verb.ANSWER, 0, 205 if "coap" in session.stack else 200, data=b"you asked " + m.name.split(b"\n")[0], ticket=m.ticket))


def keys(key: bytes) -> Any:
    def answer(q: imprint.Question) -> imprint.session.Reply:
        if q.topic == Topic.KEYS and q.code == Keys.PSK:
            return q.reply(0, name="lamp", data=key)
        return False
    return answer


@pytest.mark.parametrize("stack,uri", [("/coap", "coap://%s:%d"), ("/coap/dtls", "coaps://%s:%d"), ("/http", "http://%s:%d")])
@pytest.mark.parametrize("real", [False, True], ids=["memory", "sockets"])
def test_a_request(stack: str, uri: str, real: bool) -> None:
    server = Server(stack, "relay", hear=shop, answer=keys(b"k" * 16))
    client = imprint.open(stack, "relay", answer=keys(b"k" * 16))
    with Host() as host:
        loop: Any = host if real else Network()
        where: Tuple[str, int] = ("shop", 1)
        if real:
            where = host.serve(server)
        else:
            loop.serve("shop", server)
        options = cbor.encode({"suites": [PSK_SUITE]}) if "dtls" in stack else b""
        up = loop.connect(client, uri % where, options)
        assert (up.channel is not None) == ("dtls" in stack)
        if up.channel:
            assert up.channel.suite == PSK_SUITE and len(client.derive("EXPORTER-x")) == 32
        for path in (b"/one", b"/two"):
            reply = loop.request(client, Method.GET, path)
            assert reply.status == Status.OK and reply.data == b"you asked " + path


def test_a_wrong_key_gets_nowhere() -> None:
    network = Network()
    network.serve("shop", Server("/coap/dtls", "relay", hear=shop, answer=keys(b"k" * 16)))
    client = imprint.open("/coap/dtls", "relay", answer=keys(b"q" * 16))
    with pytest.raises(imprint.Error) as e:
        network.connect(client, "coaps://shop", cbor.encode({"suites": [PSK_SUITE]}), seconds=600)
    assert e.value.status in (Status.EAUTH, Status.EPEER, Status.ETIME, Status.ELINK)


def test_datagrams_lost_doubled_and_late() -> None:
    """A handshake and a request, with every third datagram lost, the next twice, the next late."""
    seen: List[int] = []

    def weather(flight: imprint.Flight) -> Any:
        seen.append(flight.n)
        if flight.n % 3 == 0:
            return False
        if flight.n % 3 == 1:
            return [flight.message, flight.message]
        flight.delay = 700
        return None

    network = Network(hook=weather)
    network.serve("shop", Server("/coap/dtls", "relay", hear=shop, answer=keys(b"k" * 16)))
    client = imprint.open("/coap/dtls", "relay", answer=keys(b"k" * 16))
    network.connect(client, "coaps://shop", cbor.encode({"suites": [PSK_SUITE]}), seconds=600)
    assert network.request(client, Method.GET, "/x", seconds=600).data.endswith(b"x")
    assert len(seen) > 8


def test_nobody_listens() -> None:
    with Host() as host, pytest.raises(imprint.Error):
        host.connect(imprint.open("/http", "relay"), "http://127.0.0.1:1")


def test_wired_sessions() -> None:
    """Two ends of one link, without a server between."""
    network = Network()
    a, b = imprint.open("/coap", "relay", label="a"), imprint.open("/coap", "relay", label="b", hear=shop)
    network.wire(a, b, size=100)
    network.connect(a, "coap://b")
    assert network.request(a, Method.GET, "/y").data.endswith(b"y")
    assert {f.sender for f, _ in network.record} == {"a", "b"}


@pytest.mark.parametrize("loop", [Network, Host])
def test_what_a_callable_raises_is_heard(loop: Any) -> None:
    def broken(q: imprint.Question) -> bool:
        raise ZeroDivisionError(q.text)

    here = loop()
    with pytest.raises(ZeroDivisionError, match="fdo"):
        here.run(imprint.open("fdo/http", answer=broken), Topic.VOUCHER)
    if isinstance(here, Host):
        here.close()


def test_a_server_is_full() -> None:
    network = Network()
    network.serve("shop", Server("/coap", "relay", hear=shop, most=2))
    for n in range(3):
        client = imprint.open("/coap", "relay", label=f"client-{n}")
        network.connect(client, "coap://shop")
        reply = network.request(client, Method.GET, "/x", seconds=600)
        assert (reply.code == 205) == (n < 2), "the third is not heard"
