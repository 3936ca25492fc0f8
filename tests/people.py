"""people.py IMPRINT -- labels that a camera reads, and a person at a terminal
(a pty): types what was shown, types it wrong, types nothing.  TAP."""
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

IMPRINT = os.path.abspath(sys.argv[1])
count = failures = 0
YES = "return { authorize = function(q) return true end }"


def check(text, holds, detail=""):
    global count, failures
    count += 1
    failures += not holds
    print(f"{'ok' if holds else 'not ok'} {count} - {text}{': ' if detail and not holds else ''}{str(detail)[-300:] if not holds else ''}".replace("\n", " "), flush=True)


def run(*args):
    p = subprocess.run([IMPRINT, *args], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    return p.returncode, p.stdout, p.stderr


class Player:
    """A process with --events; what it says, and what is typed to it."""

    def __init__(self, *args):
        self.p = subprocess.Popen([IMPRINT, *args, "--events", "--attached"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.said, self.heard = [], b""

    def line(self, end):
        while b"\n" not in self.heard:
            if not select.select([self.p.stdout], [], [], max(0, end - time.monotonic()))[0]:
                return None
            part = os.read(self.p.stdout.fileno(), 65536)
            if not part:
                return None
            self.heard += part
        line, self.heard = self.heard.split(b"\n", 1)
        return line

    def until(self, event, limit=20):
        end = time.monotonic() + limit
        while line := self.line(end):
            self.said.append(json.loads(line))
            if self.said[-1]["event"] == event and (event != "show" or "text" in self.said[-1]):
                return self.said[-1]
        return {}

    def types(self, text):
        self.p.stdin.write(text.encode() + b"\n")

    def end(self):
        self.p.kill()
        self.p.stdout.close()
        self.p.stdin.close()
        return self.p.wait()


def claims_of_labels():
    text = "DPP:K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADBDG/lERWFRgfwDBqhvWzvZ+29dc9/RWeIiEzlbxMwQ4=;;"
    rc, out, err = run("label", "--text", text, "--png", "l.png", "--svg", "l.svg", "--scale", "3")
    check("label: a terminal's QR code, with its text", rc == 0 and out.endswith(text + "\n") and "█" in out, err)
    svg = open("l.svg").read()
    joined = "".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
    check("label --svg: an image with the text below", svg.startswith("<svg ") and joined == text, svg)
    if not shutil.which("zbarimg"):
        print("ok - label --png: a camera reads it # SKIP zbarimg (Debian's zbar-tools) is not installed")
    else:
        p = subprocess.run(["zbarimg", "-q", "--raw", "l.png"], capture_output=True, text=True)
        check("label --png: zbar reads it", p.stdout == text + "\n", p.stdout + p.stderr)
    for args, says in ((["label"], "takes a device's store"), (["label", "x", "--text", "y"], "takes a device's store"), (["label", "--text", "x" * 3000], "too many"),
                       (["label", "--text", "x", "--scale", "0"], "--scale is"), (["label", "l.png"], "expected a store"), (["label", "--text", "x", "--static", "xyz"], "--static is")):
        rc, out, err = run(*args)
        check(f"label {' '.join(args)[:20]}: exit {rc}, says why", rc != 0 and says in err, err)


def mesh(*device):
    """A provisioner, and a device at it."""
    p = Player("serve", "btmesh", "--listen", "127.0.0.1:0", "--policy", "yes.lua", "--store", "prov.db")
    d = Player("device", "btmesh", "--to", p.until("ready")["address"], "--store", f"mesh{count}.db", *device)
    return p, d


def claims_of_mesh():
    for what, device, wrong in (("blinks", ("--output", "blink:1", "--only-oob"), None), ("shows a number", ("--output", "number:6", "--only-oob"), None),
                                ("blinks, and the person counts wrong", ("--output", "number:8", "--only-oob"), "1"), ("blinks, and nobody answers", ("--output", "blink:1", "--only-oob"), "")):
        p, d = mesh(*device)
        shown = d.until("show").get("text")
        read = p.until("read")
        p.types(shown if wrong is None else wrong)
        done = d.until("done")
        good = done.get("code") == 0
        check(f"btmesh: the device {what}: {'provisioned' if wrong is None else 'not'}", bool(shown and read) and good == (wrong is None), (shown, read, done))
        check("... and knows its network only then", any(e["event"] == "knowledge" and e["name"] == "btmesh.net" for e in d.said) == good, d.said)
        p.end(), d.end()
    p, d = mesh("--input", "number:4", "--only-oob")
    shown = p.until("show").get("text")
    d.until("read")
    d.types(shown or "")
    done = d.until("done")
    check("btmesh: the provisioner shows, the person types at the device", done.get("code") == 0, done)
    p.end(), d.end()
    uuid, static = "00112233445546778899aabbccddeeff", "0f" * 32
    for given, good in ((static, True), ("0e" * 32, False)):
        p = Player("serve", "btmesh", "--listen", "127.0.0.1:0", "--policy", "yes.lua", "--static", f"{uuid}={given}")
        d = Player("device", "btmesh", "--to", p.until("ready")["address"], "--store", f"static{given[:2]}.db", "--uuid", uuid, "--static", static, "--only-oob")
        done = d.until("done")
        check(f"btmesh: static OOB, {'the same' if good else 'another'} on both sides", (done.get("code") == 0) == good, done)
        p.end(), d.end()


def claims_of_meshes():
    p = Player("serve", "btmesh", "--listen", "127.0.0.1:0", "--policy", "yes.lua", "--store", "both.db")
    to = p.until("ready")["address"]
    both = [Player("device", "btmesh", "--to", to, "--store", f"both{i}.db", "--elements", "3") for i in range(2)]
    done = [d.until("done").get("code") for d in both]
    p.until("nothing more", 1)
    given = sorted({**e["claims"], **e.get("answer", {})}["network"] for e in p.said if e["event"] == "question")
    left = [e["value"] for e in p.said if e["event"] == "knowledge" and e["name"] == "btmesh.next"]
    check("btmesh: two devices at once get addresses of their own", done == [0, 0] and given == [2, 5], (done, given))
    check("... and what is next does not go back", left[-1:] == ["8"], left)
    for x in [p, *both]:
        x.end()


def claims_of_thread():
    for what, typed, good in (("the label is scanned", None, True), ("the PSKd is typed", "J01NME", True), ("another PSKd is typed", "J01NMF", False), ("another joiner's label, with its PSKd", "v=1&&eui=18b4300000000003&&cc=K01NME", False)):
        c = Player("serve", "thread-commissioner", "--listen", "127.0.0.1:0", "--policy", "yes.lua", "--network", "home")
        d = Player("device", "thread", "--to", c.until("ready")["address"], "--store", f"thread{count}.db", "--eui64", "18b4300000000002", "--pskd", "J01NME", "--vendor", "Doors")
        shown = d.until("show").get("text")
        c.until("read")
        c.types(typed or shown or "")
        done = d.until("done")
        check(f"thread: {what}: {'joined' if good else 'not'}", shown == "v=1&&eui=18b4300000000002&&cc=J01NME" and (done.get("code") == 0) == good, (shown, done))
        check("... and knows a network only then", any(e["event"] == "knowledge" and e["name"] == "thread.dataset" for e in d.said) == good, d.said)
        d.end(), c.end()
    rc, out, err = run("label", f"thread{count - 2}.db")
    check("label: of a joiner", rc == 0 and out.endswith("v=1&&eui=18b4300000000002&&cc=J01NME\n"), err)


def claims_of_dpp():
    def configurator(*more):
        return Player("serve", "dpp-configurator", "--ssid", "net", "--pass", "a passphrase", "--store", "conf.db", *more)

    c = configurator("--policy", "yes.lua")
    d = Player("device", "dpp", "--listen", "127.0.0.1:0", "--store", "d1.db")
    shown = d.until("show")
    c.until("read")
    c.types(shown.get("text", ""))
    done = d.until("done")
    check("dpp: the device's code is scanned: configured", done.get("code") == 0 and c.until("onboarded"), done)
    d.end(), c.end()
    c = configurator("--policy", "yes.lua", "--listen", "127.0.0.1:0")
    uri = c.until("show").get("text", "")
    d = Player("device", "dpp", "--uri", uri, "--store", "d2.db")
    check("dpp: the device scans the configurator's: configured", d.until("done").get("code") == 0, d.said)
    d.end(), c.end()
    c = configurator()
    d = Player("device", "dpp", "--listen", "127.0.0.1:0", "--store", "d3.db")
    c.until("read")
    c.types(d.until("show").get("text", ""))
    check("dpp: without a policy it is refused, and the device learns nothing", c.until("done").get("code") == -3 and not any(e["event"] == "knowledge" for e in d.said), c.said)
    d.end(), c.end()
    c = configurator("--policy", "yes.lua")
    d = Player("device", "dpp", "--listen", "127.0.0.1:0", "--store", "d4.db")
    good = d.until("show").get("text", "")
    c.until("read")
    c.types("DPP:K:nonsense;;")
    check("dpp: what is no URI is said to be none", c.until("done").get("code", 0) < 0, c.said)
    c.until("read")
    c.types(good.replace("127.0.0.1", "127.0.0.1"))
    check("dpp: and the next one is scanned", c.until("onboarded"), c.said)
    d.end(), c.end()
    store = "d4.db"
    rc, out, err = run("label", store, "--host", "192.0.2.1")
    check("dpp: label: the key that the device showed", rc == 0 and good.split("K:")[1] in out, out + err)


def terminal(words, answer):
    """A person at a pty: waits for the question, answers; what was printed."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "dumb"
        os.execv(IMPRINT, [IMPRINT, *words])
    text, told, end = "", False, time.monotonic() + 30
    while time.monotonic() < end:
        if select.select([fd], [], [], 1)[0]:
            try:
                part = os.read(fd, 4096)
            except OSError:
                break
            if not part:
                break
            text += part.decode(errors="replace")
        if not told and "? you are the person" in text and text.rstrip().endswith(":"):
            os.write(fd, (answer(text) + "\n").encode())
            told = True
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text


def claims_of_a_person():
    rc, text = terminal(["demo", "btmesh"], lambda t: str(re.findall(r"\(blink\): ([* ]+)", t)[-1].count("*")))
    check("demo btmesh at a terminal: you count, you type: onboarded", rc == 0 and "onboarded in" in text, text)
    rc, text = terminal(["demo", "btmesh"], lambda t: str(re.findall(r"\(blink\): ([* ]+)", t)[-1].count("*") % 9 + 1))
    check("demo btmesh at a terminal: you count wrong: not provisioned", rc == 1 and "onboarded in" not in text, text)


with tempfile.TemporaryDirectory(prefix="imprint-people-") as directory:
    os.chdir(directory)
    open("yes.lua", "w").write(YES)
    claims_of_labels()
    claims_of_mesh()
    claims_of_thread()
    claims_of_meshes()
    claims_of_dpp()
    claims_of_a_person()
    os.chdir("/")
print(f"1..{count}")
sys.exit(failures != 0)
