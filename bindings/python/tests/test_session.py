"""Sessions, messages, errors: the surface of the package."""
import gc
import pathlib
import re
import subprocess
import threading
from typing import List

import imprint
import pytest
from imprint import Channel, Facts, Flag, Message, Status, Topic, Verb, fdo

TREE = pathlib.Path(__file__).parents[3]
GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"


# --- numbers and names ----------------------------------------------------------------

@pytest.mark.parametrize("enum,prefix", [(imprint.Verb, "IMP_"), (imprint.Topic, "IMP_T_"), (imprint.Status, "IMP_"), (imprint.Flag, "IMP_"),
                                         (imprint.Medium, "IMP_M_"), (imprint.Method, "IMP_"), (imprint.Role, "IMP_"), (imprint.Triage, "IMP_"),
                                         (imprint.Keys, "IMP_K_"), (imprint.Curve, "IMP_C_"), (imprint.Alg, "IMP_A_")])
def test_numbers_are_those_of_the_header(enum: type, prefix: str) -> None:
    from imprint import _imprint as face
    for name, member in enum.__members__.items():  # type: ignore[attr-defined]
        assert getattr(face, prefix + name) == member, name


def test_every_number_of_the_header_has_a_name() -> None:
    header = re.sub(r"/\*.*?\*/", "", (TREE / "abi" / "imprint.h").read_text(), flags=re.S)
    for what, enum in (("verb", imprint.Verb), ("topic", imprint.Topic), ("code", imprint.Status), ("flag", imprint.Flag), ("medium", imprint.Medium),
                       ("method", imprint.Method), ("role", imprint.Role), ("triage", imprint.Triage), ("keys", imprint.Keys)):
        body = re.search(r"enum imp_%s \{(.*?)\}" % what, header, flags=re.S)
        assert body, what
        assert len(re.findall(r"IMP_\w+", body[1])) == len(enum), what


# --- names that do not exist --------------------------------------------------------------

@pytest.mark.parametrize("stack,role,says", [
    ("fod/http", "device", ["'fod'", "nearest: fdo", "there are:", "http"]),     # a slip
    ("fdo/htpt", "device", ["'htpt'", "nearest: http"]),                          # below
    ("", "device", ["empty"]),                                                     # nothing
    ("fdo/http/", "device", ["ends with '/'"]),                                     # a slash too many
    ("http/fdo", "device", ["http"]),                                              # upside down
    ("fdo/fdo", "device", ["fdo"]),                                                # does not stand on itself
    ("fdo/http", "gardener", ["gardener", "device"]),                              # no such role
    ("fdo/http/http/http/http/http/http", "device", ["5 layers"]),                 # too deep
    ("fdo,http,http,http,http,http", "device", ["link"]),                          # too wide
])
def test_a_wrong_stack_says_what_there_is(stack: str, role: str, says: List[str]) -> None:
    with pytest.raises(imprint.StackError) as e:
        imprint.open(stack, role)
    assert isinstance(e.value, ValueError) and e.value.status == Status.EARG
    for word in says:
        assert word in str(e.value)


def test_a_wrong_crypto_says_what_there_is() -> None:
    with pytest.raises(imprint.StackError, match="openssl"):
        imprint.open("fdo", crypto="opensl")


def compiled(tmp: pathlib.Path, *args: str) -> str:
    path = tmp / "module.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-DIMP_MODULE", "-I", str(TREE / "abi"), *args, "-o", str(path)], check=True)
    return str(path)


def test_a_module_of_another_abi_is_refused_with_both_numbers(tmp_path: pathlib.Path) -> None:
    path = compiled(tmp_path, "-include", str(TREE / "tests" / "other-abi.h"), str(TREE / "abi" / "template.c"))
    with pytest.raises(imprint.PluginError) as e:
        imprint.load(path)
    assert re.search(r"\b1\b", str(e.value)) and re.search(r"\b2\b", str(e.value))


@pytest.mark.parametrize("path", ["no-slash.so", "/nowhere/at/all.so", str(TREE / "README.md")])
def test_what_is_no_module_is_refused(path: str) -> None:
    with pytest.raises(imprint.PluginError):
        imprint.load(path)


def test_a_module_is_as_good_as_built_in(tmp_path: pathlib.Path) -> None:
    """The duckling of abi/template.c, over a wire in memory and over UDP."""
    assert imprint.load(compiled(tmp_path, str(TREE / "abi" / "template.c"))) == "imp.duckling"
    assert "imp.duckling" in [y["id"] for y in imprint.catalogue()["layers"]]
    duckling = imprint.open("duckling", facts=Facts(), answer=lambda q: q.name == b"m" * 32)
    peep, = duckling.up(100)
    assert (peep.verb, peep.data) == (Verb.TX, b"peep")
    assert duckling.state() == "wait_owner"
    done, = duckling.rx(b"m" * 32)
    assert done.verb == Verb.DONE and duckling.result() == Status.OK
    assert duckling.facts is not None and dict(duckling.facts) == {(Topic.OWNER, "owner"): b"m" * 32}

    import socket
    with imprint.Host() as host, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mother:
        nest = imprint.Server("duckling", "device", facts=Facts(), answer=lambda q: True)
        mother.settimeout(10)
        mother.connect(host.serve(nest))
        mother.send(b"m" * 32)
        assert mother.recv(100) == b"peep"
    assert nest.facts is not None and dict(nest.facts) == {(Topic.OWNER, "owner"): b"m" * 32}


# --- messages -------------------------------------------------------------------------

def test_messages_are_plain_objects() -> None:
    m = Message(Verb.RX, 50, 2, name="coap://x", data=bytearray(b"abc"), ticket=7, flags=Flag.MORE, link=1, when=3)
    assert (m.verb, m.topic, m.code, m.name, m.data, m.ticket, m.flags, m.link, m.when) == (Verb.RX, 50, 2, b"coap://x", b"abc", 7, Flag.MORE, 1, 3)
    changed = m.replace(data="\u00e4", verb=Verb.TX)
    assert (changed.data, changed.verb, changed.name, m.verb) == (b"\xc3\xa4", Verb.TX, b"coap://x", Verb.RX)
    assert m == m.replace() and m != changed
    assert Message(Verb.ASK, Topic.KEY).topic is Topic.KEY
    assert "secret" in repr(Message(Verb.LEARN, Topic.KEY, data=b"hunter2", flags=Flag.SECRET)) and "hunter2" not in repr(
        Message(Verb.LEARN, Topic.KEY, data=b"hunter2", flags=Flag.SECRET))
    with pytest.raises(TypeError):
        m.replace(colour="green")
    with pytest.raises(ValueError):
        Message(0x77).verb


@pytest.mark.parametrize("fields", [{"code": 1 << 40}, {"ticket": -1}, {"when": -1}, {"topic": 1 << 16}, {"link": "zero"}, {"flags": 1 << 20}])
def test_what_fits_no_message_is_an_argument_error(fields: "dict[str, object]") -> None:
    s = imprint.open("/http", "relay")
    with pytest.raises(imprint.ArgumentError):
        s.feed(Message(Verb.RX, **fields))  # type: ignore[arg-type]
    s.up()
    assert s.rx(GET), "it lives"


def test_many_messages_in_one_crossing() -> None:
    s = imprint.open("/http", "relay")
    up, rx = s.feed(Message(Verb.UP), Message(Verb.RX, data=GET[:10]), Message(Verb.RX, data=GET[10:]))
    assert (up.verb, rx.verb, rx.name) == (Verb.UP, Verb.RX, b"/x")


# --- errors and ends --------------------------------------------------------------------

def test_each_status_has_its_exception() -> None:
    from imprint.errors import error
    for status in Status:
        if status < 0:
            e = error(status, "why", "imp.fdo.here")
            assert type(e) is not imprint.Error and e.status == status and e.where == "imp.fdo.here"
            assert str(e) == "imp.fdo.here: why"
    assert issubclass(imprint.LinkError, ConnectionError) and issubclass(imprint.ExpiredError, TimeoutError)


def test_an_end_is_not_an_exception_until_it_is_asked_for() -> None:
    s = imprint.open("fdo/http", facts=fdo.device_facts(imprint.new_key(), "http://maker"))
    with pytest.raises(imprint.OverError):
        s.result()
    opened, = s.start(Topic.VOUCHER)
    s.up(ticket=opened.ticket)
    said = s.stop()
    assert s.done in said and s.done is not None and s.done.code < 0
    with pytest.raises(imprint.Error) as e:
        s.result()
    assert e.value.status == s.done.code
    with pytest.raises(imprint.OverError):
        s.start()


def test_nobody_at_the_address() -> None:
    network = imprint.Network()
    s = imprint.open("fdo/http", facts=fdo.device_facts(imprint.new_key(), "http://nobody"))
    with pytest.raises(imprint.LinkError):
        network.run(s, Topic.VOUCHER)


# --- questions ----------------------------------------------------------------------------

def asked() -> "tuple[imprint.Session, imprint.Question]":
    s = imprint.open("fdo/http")
    said = s.start(Topic.VOUCHER)
    assert isinstance(said[-1], imprint.Question)
    return s, said[-1]


def test_without_facts_questions_are_yours() -> None:
    s, q = asked()
    beliefs = fdo.device_facts(imprint.new_key(), "http://maker")
    run = beliefs.run()
    for _ in range(20):
        said = q.answer(run.answer(q))
        if not isinstance(said[-1], imprint.Question):
            break
        q = said[-1]
    assert said[-1].verb == Verb.OPEN and said[-1].text == "http://maker"


def test_an_answer_is_given_once() -> None:
    _, q = asked()
    q.answer(code=Status.EFACT)
    with pytest.raises(imprint.OverError):
        q.answer(True)


@pytest.mark.parametrize("reply", [object(), 1.5])
def test_what_is_no_answer(reply: object) -> None:
    s, q = asked()
    with pytest.raises(TypeError):
        q.answer(reply)  # type: ignore[arg-type]


def test_answers_from_another_thread_reach_the_host() -> None:
    maker_key = imprint.new_key()
    waiting: List[imprint.Question] = []

    def slow(q: imprint.Question) -> imprint.session.Reply:
        if q.topic != Topic.AUTHORIZE:
            return None
        waiting.append(q)
        return imprint.LATER

    with imprint.Host() as host:
        maker = imprint.Server("fdo", {"di": "maker"}, front="http", answer=fdo.issuer(imprint.new_key(), slow), max_chain=16384,
                               facts=fdo.maker_facts(maker_key, fdo.rendezvous_info("http://rv")))
        lamp = fdo.device_facts(imprint.new_key(), "http://%s:%d" % host.serve(maker))
        found: List[object] = []
        run = threading.Thread(target=lambda: found.append(host.run(imprint.open("fdo/http", facts=lamp), Topic.VOUCHER)))
        run.start()
        while not waiting:
            assert run.is_alive()
            run.join(0.01)
        waiting[0].answer(True)
        run.join(20)
    assert found == [Status.OK] and (Topic.VOUCHER, "fdo.credential") in lamp


# --- the rest --------------------------------------------------------------------------------

def test_freeze_and_thaw() -> None:
    key = b"k" * 32
    a, b = imprint.open("/http", "relay"), imprint.open("/http", "relay")
    a.up()
    assert a.rx(GET[:9]) == []
    b.thaw(key, a.freeze(key))
    rx, = b.rx(GET[9:])
    assert rx.name == b"/x"
    with pytest.raises(imprint.AuthError):
        b.thaw(b"l" * 32, a.freeze(key))
    with pytest.raises(imprint.AuthError):
        b.thaw(key, a.freeze(key)[:-1] + b"?")


def test_crypto_of_a_tester() -> None:
    from imprint import crypto
    key = imprint.new_key(imprint.Curve.P384)
    signature = key.sign(b"hello")
    assert key.verify(b"hello", signature) and not key.verify(b"hullo", signature)
    assert crypto.digest(b"abc").hex().startswith("ba7816bf")
    assert crypto.unflat(crypto.flat(5, b"k")) == (5, b"k")
    sealed = crypto.seal(b"k" * 16, b"n" * 12, b"text", b"aad")
    assert crypto.unseal(b"k" * 16, b"n" * 12, sealed, b"aad") == b"text"
    with pytest.raises(imprint.AuthError):
        crypto.unseal(b"k" * 16, b"n" * 12, sealed, b"dad")
    assert len(crypto.random(33)) == 33


def test_channels_go_in_and_out() -> None:
    s = imprint.open("/http", "relay")
    up, = s.up(channel=Channel(0x303, 0xC02B, b"peer", b"chain", b"binding", ((b"EXPORTER-x", b"", b"key"),)))
    assert up.channel == Channel(0x303, 0xC02B, b"peer", b"chain", b"binding")


def test_a_thousand_sessions_leave_nothing() -> None:
    def resident() -> int:
        return int(pathlib.Path("/proc/self/statm").read_text().split()[1])

    def some() -> None:
        for _ in range(300):
            imprint.open("fdo/http", facts=Facts()).start()
        gc.collect()

    some()
    before = resident()
    some()
    some()
    some()
    assert resident() - before < 1000, "pages"


def test_the_catalogue() -> None:
    found = imprint.catalogue()
    assert found["abi"] == 1 and {"plugins", "layers", "cryptos", "names"} <= set(found)
    manifest = next(y for y in found["layers"] if y["id"] == "imp.fdo")["manifest"]
    assert "device" in manifest["roles"] and manifest["beliefs"]
