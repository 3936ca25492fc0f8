"""A replayer: what was said once is said again, to the owner, to the device, and while they speak."""
from typing import Any, Dict, List, Tuple

import imprint
import pytest
from imprint import Facts, Flight, Message, Network, Server, Topic, fdo


def onboarded() -> "Tuple[fdo.World, Facts, Dict[Any, Any], List[Flight]]":
    """A world in which a device was onboarded, what it knew before that, and the flights of that run."""
    world = fdo.World()
    lamp = world.device()
    world.sell(lamp)
    before = dict(lamp)
    world.network.record.clear()
    world.onboard(lamp)
    return world, lamp, before, [flight for flight, _ in world.network.record]


def to_owner(flight: Flight) -> bool:
    return flight.receiver == "owner" and flight.request is None


def test_every_request_again_in_a_later_session() -> None:
    """The owner has new nonces for each run: old messages move nothing."""
    world, _, _, flights = onboarded()
    kept, commits = dict(world.owner.facts), world.owner.facts.commits
    answers: List[int] = []
    world.network.hook = lambda flight: answers.append(fdo.message_number(flight))
    for flight in filter(to_owner, flights):
        flight.repeat()
        world.network.run(ms=1000)
    replayed = len(list(filter(to_owner, flights)))
    assert len(answers) == replayed, "each is answered"
    assert answers[0] == 61, "HelloDevice may be said by anybody"
    assert set(answers[1:]) == {255}, "the rest are refused"
    assert dict(world.owner.facts) == kept and world.owner.facts.commits == commits


def test_every_request_twice_while_they_speak() -> None:
    """A duplicate in the very session: the run goes on or ends, and onboards once at most."""
    for number in (60, 62, 64, 66, 68, 70):
        world = fdo.World()
        lamp = world.device()
        world.sell(lamp)
        before = dict(lamp)

        def twice(flight: Flight, number: int = number) -> object:
            return [flight.message, flight.message.replace()] if fdo.message_number(flight) == number else None

        world.network.hook = twice  # type: ignore[assignment]
        try:
            world.onboard(lamp)
        except imprint.Error:
            assert dict(lamp) == before
        world.network.run(ms=1000)
        world.network.hook = None
        assert world.owner.facts.commits <= 1 + 1, "registered once, and owned once at most"


class Parrot(Server):
    """An owner that only says what the owner once said."""

    def __init__(self, flights: List[Flight]) -> None:
        super().__init__("fdo", "owner", label="owner")
        self.lines = {fdo.message_number(f.request): f.message for f in flights if f.request is not None and f.sender == "owner"}

    def request(self, rx: Message, respond: object) -> None:
        number = int(rx.text.split("\n")[0].rpartition("/")[2])
        if number in self.lines:
            respond(self.lines[number])  # type: ignore[operator]


def test_a_device_hears_an_old_conversation() -> None:
    """Its nonce is new, so the owner's old proof is none."""
    world, lamp, before, flights = onboarded()
    reset = Facts(before)  # as it was when the conversation was recorded
    world.network.serve("owner", Parrot(flights))
    with pytest.raises(imprint.Error) as failed:
        world.onboard(reset)
    assert failed.value.status in (imprint.Status.EAUTH, imprint.Status.EPROTO)
    assert dict(reset) == before


def test_an_old_registration_does_not_bring_the_old_owner_back() -> None:
    """Resold: the first owner's registration (TO0), replayed to the rendezvous server, wins no device."""
    network = Network()
    world = fdo.World(network)
    lamp = world.device()
    network.record.clear()
    world.sell(lamp)
    registration = [flight for flight, _ in network.record if flight.receiver == "rv" and flight.request is None]
    assert [fdo.message_number(f) for f in registration] == [20, 22]
    answers: List[int] = []
    network.hook = lambda flight: answers.append(fdo.message_number(flight))
    registration[1].repeat()
    network.run(ms=1000)
    assert answers == [255], "its nonce was for one use"
    assert world.rendezvous.facts is not None and len([k for k in world.rendezvous.facts if k[0] == Topic.SERVER]) == 1
