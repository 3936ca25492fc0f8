"""A label swapper: two devices, their labels (and so their vouchers) exchanged on the way.

FDO binds a voucher to a device by keys, not to a box: each owner's voucher
finds the device it was written for, wherever that stands.  So swapped labels
swap the owners, both runs end well, and only a policy that knows something
else about the device can tell.
"""
from typing import Any, Dict, List, Optional

import imprint
import pytest
from imprint import Facts, Question, Topic, cbor, fdo


class Shop:
    """Alice ordered lamp-1 and Bob lamp-2; the vouchers they get are each other's."""

    def __init__(self) -> None:
        self.world = fdo.World()
        self.alice, self.bob = fdo.Owner(self.world, "alice", None), fdo.Owner(self.world, "bob", None)
        self.lamp_1, self.lamp_2 = self.world.device("lamp-1"), self.world.device("lamp-2")

    def swap(self) -> None:
        self.world.sell(self.lamp_2, self.alice)
        self.world.sell(self.lamp_1, self.bob)


def owner_of(device: Facts) -> Any:
    return device.cbor(Topic.OWNER, "fdo.owner")


def test_swapped_labels_swap_the_owners_and_nobody_notices() -> None:
    shop = Shop()
    shop.swap()
    assert shop.world.onboard(shop.lamp_1) == imprint.Status.OK  # on Alice's wall
    assert shop.world.onboard(shop.lamp_2) == imprint.Status.OK
    assert owner_of(shop.lamp_1) == fdo.public_key(shop.bob.key)
    assert owner_of(shop.lamp_2) == fdo.public_key(shop.alice.key)


def test_what_policy_sees_tells_the_devices_apart() -> None:
    """The claims carry the device's certificate: a policy that knows what was ordered refuses."""
    shop = Shop()
    shop.swap()
    seen: List[Dict[Any, Any]] = []

    def only_lamp_1(q: Question) -> Optional[bool]:
        if q.topic != Topic.AUTHORIZE:
            return None
        seen.append(q.claims)
        return fdo.serial_of(q.claims) == "lamp-1"

    shop.alice.allow = only_lamp_1
    before = dict(shop.lamp_2)
    with pytest.raises(imprint.PeerError):
        shop.world.onboard(shop.lamp_2)
    assert dict(shop.lamp_2) == before
    assert fdo.serial_of(seen[0]) == "lamp-2" and seen[0][Topic.IDENTITY].hex() == fdo.device_guid(shop.lamp_2)
    assert len(seen[0][Topic.PEERKEY]) == 32, "the key it proved to have"


def test_already_the_voucher_can_be_refused() -> None:
    """The same policy is asked when the voucher comes, before any device does."""
    shop = Shop()
    shop.alice.allow = lambda q: fdo.serial_of(q.claims) == "lamp-1" if q.topic == Topic.AUTHORIZE else None
    with pytest.raises(imprint.DeniedError):
        shop.alice.take(shop.world.voucher(shop.lamp_2, shop.alice))


def test_a_label_cannot_be_rewritten() -> None:
    """Lamp 2's name put on lamp 1's voucher: the entries are signed over it."""
    shop = Shop()
    voucher = shop.world.voucher(shop.lamp_1, shop.alice)
    tag, raw, mac, chain = cbor.decode(voucher[0])
    header = cbor.decode(raw)
    header[1] = bytes.fromhex(fdo.device_guid(shop.lamp_2))
    forged = [cbor.encode([tag, cbor.encode(header), mac, chain]), *voucher[1:]]
    with pytest.raises(imprint.AuthError):
        shop.alice.take(forged)


def test_nor_with_the_makers_help() -> None:
    """Even signed anew by the manufacturer, the device knows the header it was made with (its HMAC)."""
    shop = Shop()
    voucher = [e for e in shop.world.maker_facts[Topic.VOUCHER, fdo.device_guid(shop.lamp_1)] if isinstance(e, bytes)]
    tag, raw, mac, chain = cbor.decode(voucher[0])
    header = cbor.decode(raw)
    header[1] = bytes.fromhex(fdo.device_guid(shop.lamp_2))
    forged = fdo.extend([cbor.encode([tag, cbor.encode(header), mac, chain])], shop.world.maker_key, shop.alice.key)
    shop.alice.take(forged)
    before = dict(shop.lamp_2)
    with pytest.raises(imprint.Error):
        shop.world.onboard(shop.lamp_2)
    assert dict(shop.lamp_2) == before
