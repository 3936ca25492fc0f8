"""Facts, as FACTS in imprint.h has them."""
from typing import Any

import pytest
from imprint import Facts, Flag, Message, Status, Topic, Verb, cbor
from imprint.facts import PART

C = Topic.CONFIG


def learn(run: Any, name: str, data: bytes = b"", code: int = 0, flags: int = 0, topic: int = C, when: int = 0, many: bool = False, now: int = 0) -> Status:
    status = run.learn(Message(Verb.LEARN, topic, code, name=name, data=data, flags=flags, when=when), lambda t, n: many, now)
    return Status(status)


def ask(run: Any, name: str, code: int = 0, flags: int = 0) -> Message:
    answer = run.answer(Message(Verb.ASK, C, code, name=name, ticket=9, flags=flags))
    assert isinstance(answer, Message) and answer.ticket == 9 and answer.verb == Verb.ANSWER
    return answer


def test_what_is_learnt_is_provisional_until_it_is_committed() -> None:
    facts = Facts({(C, "a"): b"1"})
    run, other = facts.run(), facts.run()
    learn(run, "a", b"2")
    assert facts[C, "a"] == b"1" and ask(run, "a").data == b"2" and ask(other, "a").data == b"1"
    assert run.provisional == {(C, "a"): b"2"}
    run.commit()
    assert facts[C, "a"] == b"2" and ask(other, "a").data == b"2" and not run.provisional and facts.commits == 1


def test_now_commits_itself_and_all_before_it() -> None:
    facts = Facts()
    run = facts.run()
    learn(run, "a", b"1")
    learn(run, "b", b"2", flags=Flag.NOW)
    assert dict(facts) == {(C, "a"): b"1", (C, "b"): b"2"}
    learn(run, "c", b"3")
    run.drop()
    assert len(facts) == 2


def test_forget() -> None:
    facts = Facts({(C, "a"): b"", (C, "d/1"): b"", (C, "d/2"): b"", (Topic.KEY, "d/3"): b""})
    run = facts.run()
    learn(run, "d/", flags=Flag.FORGET)
    learn(run, "a", flags=Flag.FORGET)
    assert ask(run, "a").code == Status.EFACT and ask(run, "d/1").code == Status.EFACT and len(facts) == 4
    run.commit()
    assert list(facts) == [(Topic.KEY, "d/3")]
    learn(run, "x", b"1")
    learn(run, "", topic=0, flags=Flag.FORGET)
    run.commit()
    assert list(facts) == [(Topic.KEY, "d/3")], "with topic 0 it drops what was learnt since the last commit"


def test_parts_of_bytes_go_by_offset() -> None:
    facts = Facts()
    run = facts.run()
    big = bytes(range(256)) * 40
    for at in range(0, len(big), 1000):
        assert learn(run, "a", big[at:at + 1000], code=at) == Status.OK
    run.commit()
    assert facts[C, "a"] == big
    got, at = b"", 0
    while True:
        part = ask(run, "a", at)
        assert part.code == len(big)
        got, at = got + part.data, at + PART
        if not part.flags & Flag.MORE:
            break
    assert got == big
    learn(run, "a", b"short")
    assert ask(run, "a").data == b"short", "offset 0 starts over"


def test_entries_go_by_number() -> None:
    facts = Facts({(C, "e"): [b"0", b"1"]})
    run = facts.run()
    first, second = ask(run, "e"), ask(run, "e", 1)
    assert (first.code, first.data, bool(first.flags & Flag.MORE)) == (2, b"0", True)
    assert (second.code, second.data, bool(second.flags & Flag.MORE)) == (2, b"1", False)
    assert ask(run, "e", 2).code == Status.EFACT and ask(run, "e", -1).code == Status.EFACT
    learn(run, "e", b"2", code=2, many=True)
    run.commit()
    assert facts[C, "e"] == [b"0", b"1", b"2"]


@pytest.mark.parametrize("code,status", [(-1, Status.EARG), (1 << 30, Status.ENOSPC)])
def test_a_part_that_cannot_be(code: int, status: Status) -> None:
    assert learn(Facts().run(), "a", b"x", code=code) == status


def test_names_below() -> None:
    run = Facts({(C, "d/1"): b"", (C, "d/2"): b"", (C, "e"): b"", (Topic.KEY, "d/3"): b""}).run()
    learn(run, "d/2", flags=Flag.FORGET)
    learn(run, "d/4", b"")
    assert ask(run, "d/", flags=Flag.LIST).cbor == ["d/1", "d/4"]


def test_lifetimes() -> None:
    facts = Facts()
    run = facts.run()
    learn(run, "a", b"", when=100, now=1000, flags=Flag.NOW)
    facts.sweep(1099)
    assert (C, "a") in facts
    facts.sweep(1100)
    assert (C, "a") not in facts


def test_people_read_them() -> None:
    facts = Facts({(C, "map"): cbor.encode({"a": [1, None]}), (C, "text"): "plain", (C, "odd"): b"\xff\x00", (C, "many"): [cbor.encode([1]), b"x"]})
    assert facts.decoded() == {(C, "map"): {"a": [1, None]}, (C, "text"): b"plain", (C, "odd"): b"\xff\x00", (C, "many"): [[1], b"x"]}
    assert facts.cbor(C, "map") == {"a": [1, None]}
    with pytest.raises(KeyError):
        facts.cbor(C, "none")
    with pytest.raises(ValueError):
        facts.cbor(C, "odd")
    with pytest.raises(TypeError):
        facts[C, "x"] = {"a": 1}


@pytest.mark.parametrize("data", [b"", b"\x82\x01", b"\x01\x02", b"\xff", b"\x5f", b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", b"\x81" * 5000, b"\x62\xff\xff"])
def test_what_is_no_cbor_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        cbor.decode(data)
    assert cbor.readable(data) == data
