"""A man in the middle: he sees, changes, drops and makes messages, and must not get anywhere."""
from typing import List, Optional

import imprint
import pytest
from imprint import Facts, Flight, Message, Network, Topic, fdo

TO2 = (60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71)


class Middle:
    """Stands in every wire of a world; ``flip`` names the FDO message whose bytes he changes."""

    def __init__(self) -> None:
        self.flip, self.at, self.flipped = 0, 0.5, 0
        self.seen: List[int] = []

    def __call__(self, flight: Flight) -> Optional[Message]:
        number = fdo.message_number(flight)
        self.seen.append(number)
        if number != self.flip or not flight.message.data:
            return None
        self.flipped += 1
        data = bytearray(flight.message.data)
        data[int(self.at * (len(data) - 1))] ^= 0x01
        return flight.message.replace(data=bytes(data))


def sold(middle: Middle) -> "tuple[fdo.World, Facts]":
    world = fdo.World(Network(hook=middle))
    lamp = world.device()
    world.sell(lamp)
    return world, lamp


def test_he_sees_every_message_once() -> None:
    middle = Middle()
    world, lamp = sold(middle)
    middle.seen.clear()
    world.onboard(lamp)
    assert [n for n in middle.seen if n < 66] == [30, 31, 32, 33, 60, 61, 62, 63, 64, 65]
    assert middle.seen[-2:] == [70, 71]


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("number", TO2)
def test_a_flipped_bit_onboards_nobody(number: int, at: float) -> None:
    """After it both sides are as before, or (the last message) the device is, and may come again."""
    middle = Middle()
    world, lamp = sold(middle)
    before, guid = dict(lamp), fdo.device_guid(lamp)
    middle.flip, middle.at = number, at
    try:
        end = world.onboard(lamp)
    except imprint.Error as e:
        end = e.status
    assert middle.flipped, f"there was no message {number}"
    assert end != imprint.Status.OK
    assert dict(lamp) == before
    assert ((Topic.OWNER, guid) in world.owner.facts) == (number == 71), "the owner keeps nothing before Done"

    middle.flip = 0
    assert world.onboard(lamp) == imprint.Status.OK, "undisturbed, it finds its owner"


def test_an_impostor_at_the_owners_address() -> None:
    """He has the voucher, which is no secret, and a key of his own."""
    middle = Middle()
    world, lamp = sold(middle)
    impostor = fdo.Owner(world, "owner", fdo.yes)  # he answers to the owner's name from now on
    impostor.facts[Topic.VOUCHER, fdo.device_guid(lamp)] = world.voucher(lamp)
    before = dict(lamp)
    with pytest.raises(imprint.Error):
        world.onboard(lamp)
    assert dict(lamp) == before
    forged = fdo.extend(world.voucher(lamp), impostor.key, impostor.key)  # signed by himself
    impostor.facts[Topic.VOUCHER, fdo.device_guid(lamp)] = forged
    with pytest.raises(imprint.AuthError):
        world.onboard(lamp)
    assert dict(lamp) == before


def test_what_he_drops_is_only_late() -> None:
    """Every reply lost once: no run ends well, and the device is never half-owned."""
    for number in TO2[1::2]:
        middle = Middle()
        world, lamp = sold(middle)
        before = dict(lamp)
        lost: List[int] = []

        def drop(flight: Flight, number: int = number) -> Optional[bool]:
            if fdo.message_number(flight) == number and not lost:
                lost.append(flight.n)
                return False
            return None

        world.network.hook = drop
        try:
            world.onboard(lamp)
        except imprint.Error:
            pass
        assert lost and dict(lamp) == before
        assert world.onboard(lamp) == imprint.Status.OK
