"""A person in the loop: a Bluetooth Mesh device shows a number, somebody types it in (or the wrong one)."""
from typing import List, Tuple

import imprint
import pytest
from imprint import Facts, Message, Network, Question, Session, Status, Topic, Verb, cbor, crypto

UUID = bytes(range(16))
NETKEY = b"n" * 16
SHOW_A_NUMBER = 1 << 3  # of a device's output actions


class Room:
    """A device and a provisioner on one wire; ``shown`` is what can be seen, ``asked`` what somebody is to type."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.shown: List[str] = []
        self.asked: List[Question] = []
        self.device = imprint.open("btmesh", "device", label="lamp", hear=self.hear, facts={
            (Topic.IDENTITY, "btmesh.uuid"): UUID, (Topic.CONFIG, "btmesh.device"): cbor.encode({"output": [6, SHOW_A_NUMBER]})})
        self.phone = imprint.open("btmesh", "owner", label="phone", hear=self.hear, answer=self.answer, facts={
            (Topic.NETWORK, "btmesh.net"): NETKEY + bytes(2) + bytes(1) + bytes(4), (Topic.COUNTER, "btmesh.next"): cbor.encode(0x0100)})
        network.wire(self.device, self.phone, size=66)

    def hear(self, session: Session, m: Message) -> None:
        if m.verb == Verb.TELL and m.topic == Topic.SHOW and m.data:
            self.shown.append(m.data.decode())

    def answer(self, q: Question) -> imprint.session.Reply:
        if q.topic == Topic.READ:
            self.asked.append(q)
            return imprint.LATER
        return q.topic == Topic.AUTHORIZE or None

    def begin(self) -> Tuple[str, Question]:
        """Until a number is shown and asked for."""
        self.network.start(self.device)
        self.network.start(self.phone, name=UUID)
        assert self.network.until(lambda: bool(self.shown and self.asked), 50_000)
        return self.shown[-1], self.asked[-1]

    def end(self) -> None:
        self.network.until(lambda: self.device.done is not None and self.phone.done is not None)


def known(session: Session) -> Facts:
    assert session.facts is not None
    return session.facts


def test_the_number_is_typed_in() -> None:
    room = Room(Network())
    number, question = room.begin()
    question.answer(data=number)
    room.end()
    assert room.device.result() == room.phone.result() == Status.OK
    net = known(room.device)[Topic.NETWORK, "btmesh.net"]
    assert net[:16] == NETKEY and net[-2:] == b"\x01\x00", "the key of the network, and its own address"
    ours, theirs = known(room.device)[Topic.KEY, "btmesh.devkey"], known(room.phone)[Topic.KEY, f"btmesh.devkey/{UUID.hex()}"]
    assert isinstance(ours, bytes) and isinstance(theirs, bytes)
    assert crypto.unflat(ours) == crypto.unflat(theirs)


def test_a_wrong_number_is_a_wrong_number() -> None:
    room = Room(Network())
    number, question = room.begin()
    question.answer(data=str((int(number) + 1) % 1_000_000))
    room.end()
    with pytest.raises(imprint.Error):
        room.phone.result()
    assert (Topic.NETWORK, "btmesh.net") not in known(room.device)
    assert (Topic.KEY, f"btmesh.devkey/{UUID.hex()}") not in known(room.phone)


def test_a_man_in_the_middle_with_keys_of_his_own() -> None:
    """He puts another public key in both directions; the number cannot be right on both sides."""
    mine = imprint.new_key().point[1:]
    room = Room(Network(hook=lambda flight: flight.message.replace(data=b"\x03" + mine) if flight.message.data[:1] == b"\x03" else None))
    number, question = room.begin()
    question.answer(data=number)
    room.end()
    with pytest.raises(imprint.Error):
        room.phone.result()
    with pytest.raises(imprint.Error):
        room.device.result()
    assert (Topic.NETWORK, "btmesh.net") not in known(room.device)


def test_nobody_types() -> None:
    """Its minute passes, on the network's clock."""
    room = Room(Network())
    room.begin()
    room.end()
    with pytest.raises(imprint.ExpiredError):
        room.phone.result()
