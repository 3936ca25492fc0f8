"""100,000 random and mutated messages into every role of every stack: an exception of ours at worst."""
import random
from typing import Dict, Iterator, List, Tuple

import imprint
import pytest
from imprint import Facts, Message, Session, Verb, fdo
from imprint import _imprint as face
from imprint.message import pack

MESSAGES = 100_000
LIFE = 40  # messages that a session is fed
VERBS = [int(v) for v in Verb] + [0, 0x42, 0xFF]


def stacks() -> List[Tuple[str, str]]:
    """Every protocol alone and on each of its stacks, in each of its roles; every transport alone."""
    found = []
    for y in imprint.catalogue()["layers"]:
        name = y["id"].removeprefix("imp.")
        if not y["manifest"]:
            found.append(("/" + name, "relay"))
            continue
        below = [""] + ["/" + s for s in y["manifest"]["stacks"]]
        found += [(name + b, role) for b in below for role in y["manifest"]["roles"]]
    return [s for s in found if opens(*s)]


def opens(stack: str, role: str) -> bool:
    try:
        imprint.open(stack, role)
    except imprint.StackError:
        return False
    return True


def seeds() -> List[Message]:
    """What a whole life of a device said and heard."""
    heard: List[Message] = []
    network = imprint.Network()
    world = fdo.World(network, front="http")
    lamp = world.device()
    world.sell(lamp)
    world.onboard(lamp)
    heard += [m for _, m in network.record]
    network = imprint.Network()
    world = fdo.World(network)
    lamp = world.device()
    world.sell(lamp)
    world.onboard(lamp)
    return heard + [m for _, m in network.record]


class Fuzzer:
    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.seeds = seeds()

    def some(self, most: int = 64) -> bytes:
        return self.r.randbytes(self.r.randrange(most))

    def mutated(self, data: bytes) -> bytes:
        out = bytearray(data)
        for _ in range(self.r.randrange(1, 5)):
            at = self.r.randrange(len(out) + 1)
            what = self.r.randrange(5)
            if what == 0 and out:
                out[at % len(out)] ^= 1 << self.r.randrange(8)
            elif what == 1:
                del out[at:at + self.r.randrange(8)]
            elif what == 2:
                out[at:at] = self.some(8)
            elif what == 3:
                del out[at:]
            elif out:
                out[at % len(out)] = self.r.choice((0, 0x7F, 0x80, 0xFF, 0x5F, 0x9F, 0xBB))
        return bytes(out)

    def message(self, tickets: List[int]) -> Message:
        r = self.r
        if r.random() < 0.6:
            m = r.choice(self.seeds).replace()
            m.data = self.mutated(m.data) if r.random() < 0.8 else m.data
            m.name = self.mutated(m.name) if r.random() < 0.2 else m.name
        else:
            m = Message(r.choice(VERBS), r.choice((0, 1, 0x101, 0x107, 0x10A, r.randrange(1 << 16))), r.choice((0, 1, -1, 200, r.randrange(-1 << 31, 1 << 31))),
                        name=self.some(), data=self.some(300), flags=r.choice((0, 0, 1, r.randrange(1 << 16))), link=r.choice((0, 0, 0, r.randrange(1 << 16))),
                        when=r.choice((0, r.randrange(1 << 64))))
        m.ticket = r.choice((0, r.randrange(1 << 24), r.randrange(1 << 32), *tickets[-3:]))
        return m

    def answer(self, q: imprint.Question) -> imprint.session.Reply:
        return self.r.choice((None, None, True, False, imprint.LATER, self.some(200), {1: b"x"}, q.reply(self.r.randrange(-14, 70000), data=self.some())))


def session_of(fuzzer: Fuzzer, stack: str, role: str) -> Session:
    facts = fdo.device_facts(KEY, "http://maker") if fuzzer.r.random() < 0.5 else Facts()
    return imprint.open(stack, role, facts=facts, answer=fuzzer.answer, max_msg=fuzzer.r.choice((0, 2000)))


KEY = imprint.new_key()


def lives(fuzzer: Fuzzer, count: int) -> Iterator[Tuple[Session, List[int]]]:
    all_of = stacks()
    for n in range(0, count, LIFE):
        s = session_of(fuzzer, *all_of[n // LIFE % len(all_of)])
        tickets: List[int] = []
        try:
            for m in s.start() + (s.up() if fuzzer.r.random() < 0.7 else []):
                tickets.append(m.ticket)
        except imprint.Error:
            pass
        yield s, tickets


def test_messages() -> None:
    fuzzer = Fuzzer(1)
    fed = said = 0
    ended: Dict[str, int] = {}
    for s, tickets in lives(fuzzer, MESSAGES):
        for _ in range(LIFE):
            fed += 1
            try:
                for m in s.feed(fuzzer.message(tickets)):
                    said += 1
                    tickets.append(m.ticket)
                    assert repr(m)
            except imprint.Error as e:
                ended[type(e).__name__] = ended.get(type(e).__name__, 0) + 1
        if s.done is not None:
            ended[s.done.status.name] = ended.get(s.done.status.name, 0) + 1
    assert fed >= MESSAGES and said > 1000 and len(ended) > 4, (fed, said, ended)


@pytest.mark.parametrize("what", ["records", "triage", "thaw"])
def test_raw_bytes(what: str) -> None:
    """Not even what no Message would make."""
    fuzzer = Fuzzer(2)
    s = imprint.open("fdo", "owner")
    whole = [pack(m) for m in fuzzer.seeds] * 2
    frozen = s.freeze(b"k" * 32)
    for n in range(5000):
        raw = fuzzer.mutated(b"".join(fuzzer.r.sample(whole, 2))) if n % 2 else fuzzer.some(200)
        if what == "records":
            assert len(face.imp_face_run(s._face, n, n, raw)) >= 32
        elif what == "triage":
            assert len(face.imp_face_triage(s._face, "", n, fuzzer.some(), raw)) >= 32
        else:
            torn = fuzzer.mutated(frozen) if n % 2 else raw
            assert torn == frozen or face.imp_face_thaw(s._face, b"k" * 32, torn, n) < 0


def test_fields_of_any_kind() -> None:
    """What is no message is an exception, whatever it is."""
    s = imprint.open("/http", "relay")
    odd: List[object] = [None, -1, 1 << 70, "x", 1.5, b"", [], {}, object()]
    for field in ("code", "ticket", "flags", "link", "when", "topic", "name", "data"):
        for value in odd:
            try:
                s.feed(Message(Verb.RX, **{field: value}))  # type: ignore[arg-type]
            except (imprint.Error, TypeError):
                pass
    with pytest.raises((TypeError, imprint.Error, AttributeError)):
        s.feed("RX")  # type: ignore[arg-type]
    for call in (face.imp_face_run, face.imp_face_where, face.imp_face_free, face.imp_face_freeze):
        for value in odd[1:]:
            with pytest.raises((TypeError, ValueError, OverflowError)):
                call(value)  # type: ignore
