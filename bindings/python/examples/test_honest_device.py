"""An honest device, from the factory to its owner: what it believes, what it is taught."""
import imprint
import pytest
from imprint import Facts, Question, Topic, fdo


@pytest.mark.parametrize("front", ["", "http"], ids=["requests", "bytes of HTTP"])
def test_factory_to_owner(front: str) -> None:
    world = fdo.World(front=front)
    lamp = world.device("lamp-1")
    before = fdo.device_guid(lamp)
    world.sell(lamp)
    assert world.onboard(lamp) == imprint.Status.OK

    credential = lamp.cbor(Topic.VOUCHER, "fdo.credential")
    assert credential[0] is False, "it is not to onboard again by itself"
    assert fdo.device_guid(lamp) != before, "the owner has given it a new name"
    assert lamp.cbor(Topic.OWNER, "fdo.owner") == fdo.public_key(world.owner.key)
    assert world.owner.facts[Topic.OWNER, before] == bytes.fromhex(fdo.device_guid(lamp))
    assert world.owner.facts.cbor(Topic.CONFIG, f"{before}/devmod/os") == "linux"


def test_the_owner_runs_a_command_and_the_device_answers() -> None:
    world = fdo.World()
    lamp = world.device()
    world.sell(lamp, actions=[["fdo.command", {"command": "blink", "args": ["twice"], "return_stdout": True}]])
    told = []
    world.owner.server.watch = lambda session, m, fed: told.append((m.text.rpartition("/")[2], m.data)) if m.verb == imprint.Verb.TELL else None

    def run(q: Question) -> imprint.session.Reply:
        if q.topic != Topic.RUN:
            return None
        assert (q.text, q.cbor) == ("blink", ["twice"])
        return q.reply(0, data=[b"blinked\n", b""])

    world.onboard(lamp, answer=run)
    assert ("stdout", b"blinked\n") in told


def test_policy_may_say_no() -> None:
    world = fdo.World()
    lamp = world.device("lamp-1")
    world.sell(lamp)
    seen = []

    def no(q: Question) -> imprint.session.Reply:
        if q.topic != Topic.AUTHORIZE:
            return None  # for the facts
        seen.append(q.claims)
        return False

    world.owner.allow = no
    before = dict(lamp)
    with pytest.raises(imprint.PeerError):
        world.onboard(lamp)
    assert dict(lamp) == before, "it has learnt nothing"
    (claims,) = seen
    assert claims[Topic.CONFIG] == "lamp" and fdo.serial_of(claims) == "lamp-1"
    assert claims[Topic.ANCHOR] == fdo.public_hash(world.maker_key)
    assert world.owner.server.ended[-1].done is not None
    with pytest.raises(imprint.DeniedError):
        world.owner.server.ended[-1].result()


def test_policy_may_take_its_time() -> None:
    """A person decides: the question stays open while the device waits."""
    world = fdo.World()
    lamp = world.device()
    world.sell(lamp)
    world.owner.allow = lambda q: imprint.LATER if q.topic == Topic.AUTHORIZE else None
    device = world.network.start(world.session(lamp))
    server = world.owner.server
    assert world.network.until(lambda: any(s.open for s in server.sessions.values()))
    (question,) = [q for s in server.sessions.values() for q in s.open]
    assert device.done is None

    question.answer(True)
    assert world.network.until(lambda: device.done is not None)
    assert device.result() == imprint.Status.OK
    with pytest.raises(imprint.OverError):
        question.answer(False)


def test_a_missing_belief_is_named() -> None:
    world = fdo.World()
    lamp = world.device()
    del lamp[Topic.KEY, "fdo.hmac"]
    world.sell(lamp)
    with pytest.raises(imprint.FactError, match="fdo.hmac"):
        world.onboard(lamp)


def test_over_real_sockets() -> None:
    maker_key, ca = imprint.new_key(), imprint.new_key()
    with imprint.Host() as host:
        beliefs = fdo.maker_facts(maker_key, b"")
        maker = imprint.Server("fdo", {"di": "maker"}, front="http", facts=beliefs, answer=fdo.issuer(ca), max_chain=16384)
        address, port = host.serve(maker)
        beliefs[Topic.CONFIG, "fdo.rvinfo"] = fdo.rendezvous_info("http://127.0.0.1:1")  # placed below
        owner_key = imprint.new_key()
        owner = imprint.Server("fdo", {"to2": "owner"}, front="http", facts=fdo.owner_facts(owner_key), answer=fdo.yes, max_chain=16384)
        where = "http://%s:%d" % host.serve(owner)
        beliefs[Topic.CONFIG, "fdo.rvinfo"] = fdo.rendezvous_info(where, bypass=True)

        lamp: Facts = fdo.device_facts(imprint.new_key(), f"http://{address}:{port}")
        host.run(imprint.open("fdo/http", facts=lamp), Topic.VOUCHER)
        found = beliefs[Topic.VOUCHER, fdo.device_guid(lamp)]
        assert isinstance(found, list) and owner.facts is not None
        owner.facts[Topic.VOUCHER, fdo.device_guid(lamp)] = fdo.extend(found, maker_key, owner_key)
        assert host.run(imprint.open("fdo/http", facts=lamp)) == imprint.Status.OK
    assert lamp.cbor(Topic.OWNER, "fdo.owner") == fdo.public_key(owner_key)
