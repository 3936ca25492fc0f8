"""FIDO Device Onboard: the facts its players need, made in Python (plugins/protocol/fdo/fdo.h has their names).

EC keys only.  What a test needs to be a manufacturer, an owner, a device:

>>> from imprint import fdo, new_key
>>> maker, owner = new_key(), new_key()
>>> facts = fdo.maker_facts(maker, fdo.rendezvous_info("http://rv:8041"))
"""
from __future__ import annotations

import ipaddress
from typing import Any, List, Mapping, Optional, Sequence, Tuple
from urllib.parse import urlsplit

import cbor2

from . import cbor, crypto
from .crypto import Key
from .facts import Facts
from .loop import Server
from .network import Flight, Network
from .session import Answerer, Question, Reply, Session
from .words import Alg, Curve, Status, Topic

_TYPES = {Curve.P256: (10, "secp256r1", Alg.SHA256), Curve.P384: (11, "secp384r1", Alg.SHA384)}
X509 = 1
HTTP = 1  # of RendezvousInfo's protocols
Voucher = List[bytes]
"""A voucher in parts: its head, then its entries (the value of a VOUCHER fact)."""


def key_type(key: Key) -> str:
    """The TYPE in names of facts: "secp256r1"."""
    return _TYPES[Curve(key.curve)][1]


def public_key(key: Key) -> List[Any]:
    """The PublicKey array of a key, X509-encoded."""
    return [_TYPES[Curve(key.curve)][0], X509, crypto.spki(key)]


def public_hash(key: Key) -> bytes:
    """What claims call a maker or an owner: SHA-256 of the PublicKey array."""
    return crypto.digest(cbor.encode(public_key(key)))


def _where(url: str) -> Tuple[Any, str, int]:
    """(address in bytes or None, name, port)"""
    uri = urlsplit(url)
    host = uri.hostname or ""
    try:
        return ipaddress.ip_address(host).packed, host, uri.port or 80
    except ValueError:
        return None, host, uri.port or 80


def rendezvous_info(*urls: str, bypass: bool = False) -> bytes:
    """RendezvousInfo: where a device looks for its owner; ``bypass``: these are the owner itself."""
    directives = []
    for url in urls:
        ip, host, port = _where(url)
        variables: List[Tuple[int, Any]] = [(2, ip) if ip else (5, host), (3, port), (4, port), (12, HTTP)]
        directives.append([[14]] * bypass + [[n, cbor.encode(v)] for n, v in variables])
    return cbor.encode(directives)


def owner_addresses(*urls: str) -> bytes:
    """RVTO2AddrEntry array: where an owner says it is."""
    return cbor.encode([[ip, None if ip else host, port, 3] for ip, host, port in map(_where, urls)])


# --- players -------------------------------------------------------------------------

def device_facts(key: Key, maker_url: str, serial: str = "serial-1", info: str = "lamp", devmod: Optional[Mapping[str, Any]] = None) -> Facts:
    """The beliefs of a device that is to be initialized (DI) at `maker_url`."""
    about = {"os": "linux", "arch": "riscv64", "version": "1", "device": info, "sep": ";", "bin": "riscv64", **(devmod or {})}
    return Facts({(Topic.KEY, "fdo.attestation"): key.private, (Topic.SERVER, "fdo.di"): maker_url,
                  (Topic.CONFIG, "fdo.mfginfo"): cbor.encode([serial, info]), (Topic.CONFIG, "fdo.devmod"): cbor.encode(about)})


def maker_facts(key: Key, rvinfo: bytes) -> Facts:
    """The beliefs of a manufacturer."""
    return Facts({(Topic.ANCHOR, f"fdo.maker/{key_type(key)}"): cbor.encode(public_key(key)), (Topic.CONFIG, "fdo.rvinfo"): rvinfo})


def owner_facts(key: Key, *urls: str) -> Facts:
    """The beliefs of an owner that devices reach at `urls`."""
    return Facts({(Topic.KEY, f"fdo.owner/{key_type(key)}"): key.private, (Topic.SERVER, "fdo.to2"): owner_addresses(*urls)})


def issuer(ca: Key, allow: Optional[Answerer] = None) -> Answerer:
    """A manufacturer's answers: certificates for its devices, of this CA; `allow` is asked for the rest."""
    common = crypto.name("device ca")
    root = crypto.certificate(ca, common, common, crypto.spki(ca), ca=True)

    def answer(q: Question) -> Reply:
        if q.topic == Topic.ISSUE:
            subject, spki = crypto.csr_parts(q.data)
            return q.reply(data=[crypto.certificate(ca, common, subject, spki), root])
        return (allow or yes)(q)

    return answer


# --- vouchers --------------------------------------------------------------------------

def guid(voucher: Voucher) -> str:
    """The GUID in a voucher, 32 hex digits, as facts are named."""
    return str(cbor.decode(cbor.decode(voucher[0])[1])[1].hex())


def device_guid(facts: Facts) -> str:
    """The GUID that a device holds a credential for."""
    return str(facts.cbor(Topic.VOUCHER, "fdo.credential")[3].hex())


def extend(voucher: Voucher, signer: Key, new_owner: Key) -> Voucher:
    """The voucher with one more entry: signed by the present owner, to the next."""
    _, raw, mac, _ = cbor.decode(voucher[0])
    header = cbor.decode(raw)
    alg = cbor.decode(_entry(voucher[1])[2])[0][0] if len(voucher) > 1 else _TYPES[Curve(signer.curve)][2]
    previous = voucher[-1] if len(voucher) > 1 else raw + cbor.encode(mac)
    payload = cbor.encode([[int(alg), crypto.digest(previous, alg)], [int(alg), crypto.digest(header[1] + header[3].encode(), alg)], None,
                           public_key(new_owner)])
    protected = cbor.encode({1: int(Alg.ES256 if signer.curve == Curve.P256 else Alg.ES384)})
    signature = signer.sign(cbor.encode(["Signature1", protected, b"", payload]))
    return [*voucher, cbor.encode(cbor2.CBORTag(18, [protected, {}, payload, signature]))]


def _entry(raw: bytes) -> List[Any]:
    found: List[Any] = cbor.decode(raw).value
    return found


class Owner:
    """An owner in a :class:`World`: its ``key``, its ``facts``, its ``server``; ``allow`` is its policy, to be replaced."""

    def __init__(self, world: "World", host: str, allow: Optional[Answerer]) -> None:
        self.world, self.key = world, crypto.new_key()
        self.allow = allow or yes
        self.facts = owner_facts(self.key, f"http://{host}:8043")
        self.server = world.serve(host, {"to2": "owner"}, self.facts, lambda q: self.allow(q))

    def take(self, voucher: Voucher, actions: Sequence[Sequence[Any]] = ()) -> Status:
        """Keep a voucher and register with it (TO0); raises how that failed."""
        self.facts[Topic.VOUCHER, guid(voucher)] = list(voucher)
        if actions:
            self.facts[Topic.CONFIG, f"{guid(voucher)}/serviceinfo"] = [cbor.encode(list(a)) for a in actions]
        client = self.world.session(self.facts, "owner", self.server.label, lambda q: self.allow(q))
        return self.world.network.run(client, Topic.VOUCHER, guid(voucher))


def yes(q: Question) -> Reply:
    """The policy that says yes."""
    return q.topic == Topic.AUTHORIZE or None


class World:
    """A manufacturer, a rendezvous server and an owner on a :class:`Network`, for tests.

    ``allow`` is the owner's policy: called with its AUTHORIZE questions (None: yes to all).  The others say yes.
    ``front``: what carries requests as bytes ("http"); "": they cross as requests.
    """

    def __init__(self, network: Optional[Network] = None, allow: Optional[Answerer] = None, front: str = "") -> None:
        self.network, self.front = network or Network(), front
        self.maker_key, self.ca = crypto.new_key(), crypto.new_key()
        self.maker_facts = maker_facts(self.maker_key, rendezvous_info("http://rv:8041"))
        self.maker = self.serve("maker", {"di": "maker"}, self.maker_facts, issuer(self.ca))
        self.rendezvous = self.serve("rv", {"to0": "rendezvous", "to1": "rendezvous"}, Facts(), yes)
        self.owner = Owner(self, "owner", allow)

    def serve(self, host: str, roles: Mapping[str, str], facts: Facts, answer: Answerer) -> Server:
        """A server of this world."""
        return self.network.serve(host, Server("fdo", roles, front=self.front, facts=facts, answer=answer, label=host, max_chain=16384))

    def session(self, facts: Facts, role: str = "device", label: str = "", answer: Optional[Answerer] = None) -> Session:
        """A client of this world."""
        return Session("fdo/" + self.front if self.front else "fdo", role, facts=facts, answer=answer, label=label or role, max_chain=16384)

    def device(self, serial: str = "serial-1") -> Facts:
        """A device as it leaves the factory: its facts, after DI."""
        facts = device_facts(crypto.new_key(), "http://maker:8038", serial)
        self.network.run(self.session(facts, label=serial), Topic.VOUCHER)
        return facts

    def voucher(self, device: Facts, owner: Optional[Owner] = None) -> Voucher:
        """The device's voucher as the manufacturer has it, extended to an owner."""
        found = self.maker_facts[Topic.VOUCHER, device_guid(device)]
        assert isinstance(found, list)
        return extend(found, self.maker_key, (owner or self.owner).key)

    def sell(self, device: Facts, owner: Optional[Owner] = None, actions: Sequence[Sequence[Any]] = ()) -> Voucher:
        """Hand the owner the voucher of the device, with which it registers."""
        to = owner or self.owner
        voucher = self.voucher(device, to)
        to.take(voucher, actions)
        return voucher

    def onboard(self, device: Facts, label: str = "device", answer: Optional[Answerer] = None) -> Status:
        """The device is switched on: TO1, TO2.  Its end; raises how it failed."""
        return self.network.run(self.session(device, label=label, answer=answer))


def serial_of(claims: Mapping[Any, Any]) -> str:
    """The common name in the device's certificate, out of the claims of an AUTHORIZE; "": it has none."""
    found = bytes(claims.get(Topic.CHAIN) or b"")
    at = found.rfind(bytes.fromhex("0603550403"))
    return found[at + 7:at + 7 + found[at + 6]].decode() if at >= 0 else ""


def message_number(flight: Flight) -> int:
    """The number of the FDO message in flight; 0: it is none."""
    head = (flight.message if flight.request is None else flight.request.message).text
    if flight.request is None:
        return int(head.split("\n")[0].rpartition("/msg/")[2]) if "/msg/" in head else 0
    lines = dict(line.split(": ", 1) for line in flight.message.text.split("\n") if ": " in line)
    return int(lines.get("message-type", 0))
