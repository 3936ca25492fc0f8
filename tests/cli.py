"""cli.py -- the imprint command as its users meet it (TAP).

usage: cli.py IMPRINT VECTORS"""
import base64
import glob
import json
import os
import pty
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

IMPRINT, VECTORS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
count = failures = 0
tmp = tempfile.TemporaryDirectory(prefix="imprint-cli-")
os.chdir(tmp.name)


def check(claim, holds, detail=""):
    global count, failures
    count += 1
    failures += not holds
    detail = " ".join(str(detail).split())[:300]
    print(f"{'ok' if holds else 'not ok'} {count} - {claim}{': ' + detail if detail else ''}", flush=True)
    return holds


def skip(claim, why):
    global count
    count += 1
    print(f"ok {count} - {claim} # SKIP {why}", flush=True)


def run(*args, stdin=None, timeout=60):
    p = subprocess.run([IMPRINT, *args], input=stdin, capture_output=True, timeout=timeout)
    return p.returncode, p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")


class Server:
    """A player with --events: what it says, as dicts."""

    def __init__(self, *args):
        self.p = subprocess.Popen([IMPRINT, *args, "--events", "--attached"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said = []
        self.reader = threading.Thread(target=lambda: self.said.extend(json.loads(line) for line in self.p.stdout))
        self.reader.start()

    def until(self, event):
        while True:
            for e in list(self.said):
                if e["event"] == event:
                    return e
            if not self.reader.is_alive():
                raise SystemExit(f"Bail out! it ended before '{event}': {self.p.stderr.read().decode()}")
            time.sleep(0.01)

    def end(self):
        self.p.stdin.close()
        self.reader.join(20)
        return self.p.wait(10)


WORDS = ["demo", "list", "explain", "compare", "plan", "make", "label", "device", "serve", "voucher", "inspect", "help"]

USAGE = [  # wrong command lines, and what the message must say
    (["lsit"], "nearest: list"),
    (["sreve"], "nearest: serve"),
    (["list", "--jsn"], "nearest: --json"),
    (["list", "x"], "takes no argument 'x'"),
    (["list", "--format", "tabel"], "nearest: table"),
    (["list", "--format", "table", "--json"], "which?"),
    (["explain"], "explain what"),
    (["explain", "fod"], "nearest: fdo"),
    (["explain", "htp"], "nearest: http"),
    (["explain", "openssk"], "nearest: openssl"),
    (["explain", "fdo", "fdo"], "takes one name"),
    (["compare", "http"], "no protocol that is built in is called 'http'"),
    (["compare", "fdo", "imp.fdo"], "named twice"),
    (["plan", "--belief", "crt"], "nearest: cert"),
    (["plan", "--belief", "cert,fdo.hmca"], "nearest: fdo.hmac"),
    (["plan", "--player", "onwer"], "nearest: owner"),
    (["plan", "--medium", "rq"], "nearest: qr"),
    (["plan", "--medium"], "needs a value"),
    (["plan", "fdo"], "takes no argument 'fdo'"),
    (["inspect"], "which file"),
    (["inspect", "--json", "/dev/null"], "is for captures"),
    (["inspect", "--jsno", "x"], "nearest: --json"),
    (["demo", "fdo", "--pcap"], "needs a value"),
    (["serve", "lwm2m-bs"], "needs --config"),
    (["device", "lwm2m", "--bs", "coaps://h:1"], "needs --ep"),
    (["device", "lwm2m", "--bs", "http://h", "--ep", "a"], "coaps://HOST:PORT"),
    (["device", "lwm2m", "--bs", "coaps://h:1", "--ep", "a", "--store", "lw.db"], "needs --psk or --cert"),
    (["device", "lwm2m", "--bs", "coap://h:1", "--ep", "a", "--store", "lw.db", "--psk", "a=00"], "credentials are for coaps"),
    (["device", "lwm2m", "--bs", "coaps://h:1", "--ep", "a", "--store", "lw.db", "--psk", "a:00"], "IDENTITY=HEX"),
    (["device", "lwm2m", "--bs", "coap://h:1", "--ep", "a", "--pct", "xml"], "--pct is tlv"),
    (["voucher"], "show, verify or extend"),
    (["voucher", "extnd", "x"], "nearest: extend"),
    (["voucher", "show"], "takes one file"),
    (["voucher", "extend", "x"], "--key and --to"),
    (["make"], "make what"),
    (["make", "kye", "x"], "nearest: key"),
    (["make", "key"], "takes one path"),
    (["make", "key", "x", "--curve", "p255"], "p256 or p384"),
    (["make", "fdo", "d"], "--key"),
    (["make", "fdo", "d", "--key", "x"], "--rv URL or --bypass URL"),
    (["make", "fdo", "d", "--key", "x", "--rv", "http://h", "--bypass", "http://h"], "--rv URL or --bypass URL"),
    (["make", "fdo", "d", "--key", "x", "--rv", "http://h", "--count", "0"], "number from 1"),
    (["make", "fdo", "d", "--key", "x", "--rv", "http://h", "--count", "many"], "number from 1"),
    (["serve"], "serve what"),
    (["serve", "fod"], "nearest: fdo"),
    (["serve", "fdo"], "--role"),
    (["serve", "fdo", "--role", "onwer"], "nearest: owner"),
    (["serve", "fdo", "--role", "owner"], "--key FILE"),
    (["serve", "fdo", "--role"], "needs a value"),
    (["serve", "fdo", "--role", "rv", "--role", "rv"], "given twice"),
    (["serve", "fdo", "--role", "rv", "--once=1"], "takes no value"),
    (["serve", "fdo", "--role", "rv", "--rv", "ftp://x"], "http://host:port"),
    (["serve", "fdo", "--role", "rv", "--rv", "http://x:99999"], "not 1 to 65535"),
    (["serve", "fdo", "--role", "rv", "-x"], "no option -x"),
    (["serve", "fdo", "--role", "rv", "--url", "here"], "http://host:port"),
    (["serve", "fdo", "--role", "rv", "--bypass", "there"], "http://host:port"),
    (["device"], "device what"),
    (["device", "fdo", "--di", "127.0.0.1"], "http://host:port"),
    (["demo", "fod"], "nearest: fdo"),
    (["help", "polcy"], "nearest: policy; there is: demo, "),
    (["hepl"], "nearest: help; there are: demo, "),
]


def claims_of_words():
    rc, out, err = run()
    check("without a word: the words, exit 0", rc == 0 and all(w in out for w in WORDS) and not err)
    for w in WORDS:
        rc, out, err = run(w, "--help")
        first = out.splitlines()[0] if out else ""
        check(f"{w} --help", rc == 0 and not err and (first.startswith(f"usage: imprint {w}")), first)
        if w != "help":
            check(f"help {w} says the same", run("help", w)[1] == out)
    topics = re.search(r"topics: (.*)", run("help", "--help")[1], re.S)[1].replace(",", " ").split()
    for t in topics + ["facts"]:
        rc, out, err = run("help", t)
        check(f"help {t}", rc == 0 and len(out) > 100 and "```" not in out and not err, len(out))
    check("help has a topic for every word of ours", {"stack", "layer", "fact", "belief", "knowledge", "ticket", "cut", "policy", "plugin"} <= set(topics), topics)
    policy = run("help", "policy")[1]
    for y in json.loads(run("list", "--json")[1])["protocols"]:
        asked = {q["topic"] for q in y["questions"]} & {"authorize", "choose"}
        mine = policy.partition(f"\n{y['id'][4:]} (")[2].partition("\n\n")[0]
        check(f"help policy: {y['id']}, with every claim", not asked or y["claims"] and all(c["text"] in mine for c in y["claims"]), mine)
    man = run("help", "--man")[1]
    check("the manual page has every word and topic", man.startswith(".TH IMPRINT 1") and all(f"\n.SS {w}\n" in man for w in WORDS + topics))
    for shell in ("bash", "zsh"):
        text = run("help", "--completion", shell)[1]
        check(f"{shell} completes every word, and serve's options", all(w in text for w in WORDS) and "--policy" in text and "--listen" in text)
    for args, says in USAGE:
        rc, out, err = run(*args)
        check("usage: " + " ".join(args), rc == 2 and says in err and "usage: imprint" in err and not out and "fault of its own" not in err, err)
    rc, out, _ = run("list", "--json")
    data = json.loads(out)
    check("list --json", rc == 0 and "imp.fdo" in [p["id"] for p in data["protocols"]] and "imp.openssl" in data["cryptos"])
    check("no colours off a terminal", "\x1b" not in run("list")[1] + run("list", "--facts")[1])


def on_terminal(*args):
    """What the command prints when it thinks a person reads it."""
    us, them = pty.openpty()
    p = subprocess.Popen([IMPRINT, *args], stdout=them, stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "TERM": "xterm"})
    os.close(them)
    out = b""
    try:
        while chunk := os.read(us, 65536):
            out += chunk
    except OSError:
        pass  # EIO: the other side is closed
    os.close(us)
    p.wait(10)
    return out.decode()


def claims_of_catalogue():
    listed = json.loads(run("list", "--json")[1])
    names = [y["id"] for y in listed["protocols"] + listed["transports"]] + listed["cryptos"]
    for name in names:
        out = {f: run("explain", name, "--format", f) for f in ("table", "markdown", "json")}
        d = json.loads(out["json"][1])
        check(f"explain {name}, three ways", d["id"] == name and all(rc == 0 and name in text and not err for rc, text, err in out.values()), [o[2] for o in out.values()])
    for y in listed["protocols"]:
        d = json.loads(run("explain", y["id"], "--json")[1])
        keys = ["umbrella", "called", "terms", "players", "beliefs_in", "discovery", "trust", "authorizer", "process", "delivers", "properties", "stacks", "algorithms", "beliefs", "knowledge"]
        lacking = [k for k in keys if not d[k]]
        check(f"explain {y['id']}: every heading has something under it", not lacking, lacking)
        known = {n for t in d["trust"] + d["players"] + d["beliefs_in"] + d["delivers"] for n in [t["name"]]}
        check(f"explain {y['id']}: all facts have a role of it, a name and a text", all(f["text"] and set(f["roles"]) <= set(y["roles_names"]) for f in d["beliefs"] + d["knowledge"] + d["questions"]) and all(f["name"] for f in d["beliefs"] + d["knowledge"]) and known)
    protocols = [y["id"].removeprefix("imp.") for y in listed["protocols"]]
    c = json.loads(run("compare", "--json")[1])
    check("compare: sections 3.1 to 3.5 of the survey", [s["number"] for s in c["sections"]] == ["3.1", "3.2", "3.3", "3.4", "3.5", "3.5"])
    check("compare: a row is as wide as its head", all(len(r) == len(s["columns"]) for s in c["sections"] for r in s["rows"]))
    check("compare: every protocol that is built in", all(p in c["sections"][1]["columns"] and p in [r[0] for r in c["sections"][0]["rows"]] for p in protocols))
    cell = {(r[0], p): v for s in c["sections"][1:5] for r in s["rows"] for p, v in zip(s["columns"][1:], r[1:])}
    facts = json.loads(run("explain", "fdo", "--json")[1])
    check("compare says of FDO's players what explain says", all((cell[(n, "fdo")] == "yes") == (n in [t["name"] for t in facts["players"]]) for n in ("manufacturer", "owner", "user", "rendezvous", "ca", "registrar")))
    check("compare: FDO is in the survey's category of certificates, and imparts services", cell[("cert", "fdo")] == "yes" and cell[("blank", "fdo")] == "-" and cell[("family: service", "fdo")] == "yes" and cell[("family: network", "fdo")] == "-")
    check("compare: ten protocols are in the survey, FDO is not among the missing", not any("FDO" in m for m in c["not_built_in"]) and len(c["not_built_in"]) <= 9)
    md = run("compare", "fdo", "--format", "markdown")[1]
    rows = [line for line in md.splitlines() if line.startswith("|")]
    check("compare in Markdown: headings and tables", md.count("## ") == 7 and len(rows) > 30 and "|---|" in md)


def planned(*args):
    rc, out, err = run("plan", *args, "--json")
    plan = json.loads(out)["protocols"]
    check(f"plan {' '.join(args)}: exit says whether one can, those come first, the best first", (rc == 0) == any(y["fits"] for y in plan) and [y["fits"] for y in plan] == sorted((y["fits"] for y in plan), reverse=True)
          and all(a["score"] >= b["score"] for a, b in zip(plan, plan[1:]) if b["fits"]) and not err, err)
    return next(y for y in plan if y["id"] == "imp.fdo")


def claims_of_plan():
    y = planned()
    check("plan: without a question nothing is missing", y["fits"] and not y["missing"])
    y = planned("--belief", "cert", "--player", "owner,manufacturer", "--player", "rendezvous", "--medium", "none")
    check("plan: FDO fits a device with a certificate, its reasons add up to its score", y["fits"] and y["score"] == sum(r["points"] for r in y["reasons"]) and len(y["reasons"]) > 3)
    check("plan: and says what the factory must put into it", {"fdo.credential": True, "fdo.attestation": False}.items() <= {f["name"]: f["imparted"] for f in y["prepare"]}.items())
    y = planned("--belief", "cert,fdo.credential", "--belief", "fdo.hmac")
    check("plan: what is there need not be prepared", y["fits"] and not {"fdo.credential", "fdo.hmac"} & {f["name"] for f in y["prepare"]})
    y = planned("--belief", "blank")
    check("plan: a blank device lacks a certificate for FDO", not y["fits"] and y["missing"] == ["a belief: cert"], y["missing"])
    y = planned("--belief", "symmetric,rawkey", "--player", "owner")
    check("plan: all that is missing is said", y["missing"] == ["a belief: cert", "players: manufacturer, rendezvous"], y["missing"])
    rc, out, err = run("plan", "--belief", "blank")
    check("plan as a table says it too", "no: fdo: FDO 1.1" in out and "missing: a belief: cert" in out, out)


def claims_of_terminals():
    for args in (["list"], ["explain", "fdo"], ["compare"], ["plan"]):
        check("colours on a terminal and not off it: " + args[0], "\x1b[" in on_terminal(*args) and "\x1b" not in run(*args)[1])
        check("nor in Markdown or JSON: " + args[0], not any("\x1b" in on_terminal(*args, "--format", f) for f in ("markdown", "json")))


def claims_of_files():
    with open("garbage", "wb") as f:
        f.write(bytes(range(256)))
    with open("empty", "wb"):
        pass
    with open("text.txt", "w") as f:
        f.write("These are just words.\n")
    with open("half.pem", "w") as f:
        f.write("-----BEGIN OWNERSHIP VOUCHER-----\nhGU=\n")
    with open("notbase64.pem", "w") as f:
        f.write("-----BEGIN CERTIFICATE-----\nAAAA*AAA\n-----END CERTIFICATE-----\n")
    with open("notcert.pem", "w") as f:
        f.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with open("notvoucher.pem", "w") as f:
        f.write("-----BEGIN OWNERSHIP VOUCHER-----\nhAECAwQ=\n-----END OWNERSHIP VOUCHER-----\n")
    bad = [  # file, what the message must say beside its name and an offset
        ("garbage", "expected"), ("empty", "found an empty file"), ("text.txt", "neither PEM nor DER"), ("half.pem", "END OWNERSHIP VOUCHER"),
        ("notbase64.pem", "base64"), ("notcert.pem", "X.509"), ("notvoucher.pem", "OWNERSHIP VOUCHER"),
    ]
    for name, says in bad:
        rc, out, err = run("inspect", name)
        check(f"inspect {name}: names the file, an offset and what was expected", rc == 1 and f"{name}: offset " in err and says in err, err)
    with open("likeness", "wb") as f:
        f.write(bytes.fromhex("86f51865f6f6f6f6"))
    check("what only begins like a credential is CBOR", "GUID" not in run("inspect", "likeness")[1] and run("inspect", "likeness")[0] == 0)
    for word in (["voucher", "show"], ["voucher", "verify"]):
        for name in ("garbage", "empty", "text.txt", "half.pem", "notcert.pem", "notvoucher.pem"):
            rc, out, err = run(*word, name)
            check(f"{' '.join(word)} {name}", rc == 1 and f"{name}: offset " in err and "expected" in err and "fault of its own" not in err, err)
    for args in (["inspect", "nope"], ["voucher", "show", "nope"], ["label", "nope"], ["device", "fdo", "--store", "nope"],
                 ["make", "fdo", "d", "--key", "nope", "--rv", "http://h"], ["serve", "fdo", "--role", "rv", "--policy", "./nope"]):
        rc, out, err = run(*args)
        check("a file that is not there: " + " ".join(args), rc == 1 and "nope" in err, err)
    rc, out, err = run("make", "fdo", "d", "--key", "text.txt", "--rv", "http://h")
    check("a key file that is none", rc == 1 and "text.txt: offset 0: expected a private key in PEM" in err, err)


def claims_of_vectors():
    seen = bad = shown = 0
    worst = ""
    for where, _, names in os.walk(VECTORS):
        for n in sorted(names):
            path = os.path.join(where, n)
            seen += 1
            rc, out, err = run("inspect", path)
            fine = rc == 0 and not err or rc == 1 and "offset" in err and path in err
            shown += rc == 0
            if not fine or "fault of its own" in err:
                bad += 1
                worst = f"{n}: exit {rc}: {err}"
    check("inspect of every test vector shows it, or says where it stops", bad == 0 and shown > 30, worst or f"{seen} files, {shown} shown")


def claims_of_factory():
    rc, out, err = run("make", "key", "maker.pem")
    check("make key", rc == 0 and "secp256r1" in out and os.stat("maker.pem").st_mode & 0o777 == 0o600, out + err)
    run("make", "key", "owner.pem", "--public", "owner.pub")
    run("make", "key", "other.pem")
    run("make", "key", "wide.pem", "--curve", "p384")
    rc, out, err = run("inspect", "maker.pem")
    secret = base64.b64decode("".join(open("maker.pem").read().splitlines()[1:-1]))[7:39].hex()
    check("inspect shows no secret", rc == 0 and "private key, P-256" in out and secret[:16] not in out)
    check("a key is not written over a directory", run("make", "key", ".")[0] == 1)
    for maker, bits in (("maker.pem", 256), ("wide.pem", 384)):
        d = f"dev{bits}"
        rc, out, err = run("make", "fdo", d, "--key", maker, "--rv", "http://rv.example:8041", "--serial", "s", "--count", "2", "--json")
        made = json.loads(out or "[]")
        check(f"make fdo, two devices of P-{bits}", rc == 0 and [m["serial"] for m in made] == ["s-1", "s-2"], err)
        v = made[0]["voucher"]
        rc, out, err = run("voucher", "verify", v, "--store", made[0]["store"], "--maker", maker)
        check("its voucher is good, HMAC and all", rc == 0 and "0 entries" in out and "HMAC" in out, out + err)
        rc, out, err = run("voucher", "verify", v, "--store", made[1]["store"])
        check("another device's HMAC is not its", rc == 1 and f"{v}: offset " in err, err)
        label = open(made[0]["store"].replace(".db", ".label.txt")).read()
        check("its label", label.startswith("FDO:" + made[0]["guid"]) and "\u2588" in label)
        check("a device is not made twice", run("make", "fdo", d, "--key", maker, "--rv", "http://h", "--serial", "s-1")[0] == 1)
    v = "dev256/s-1.voucher.pem"
    rc, out, err = run("inspect", "dev256/s-1.db")
    check("inspect of a store: its facts, not its secrets", rc == 0 and "voucher fdo.credential: [" in out and "key fdo.hmac: (a secret, 48 bytes)" in out, out + err)
    run("make", "fdo", "esc", "--key", "maker.pem", "--rv", "http://h", "--serial", "e", "--info", "\x1b[31mred\x07\u009b2J")
    out = run("inspect", "esc/e.voucher.pem")[1] + run("inspect", "esc/e.db")[1] + run("voucher", "show", "esc/e.voucher.pem")[1]
    check("what others wrote cannot steer the terminal", "red" in out and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", out))
    check("label", "FDO:" in run("label", "dev256/s-1.db")[1])
    rc, out, err = run("voucher", "extend", v, "--key", "maker.pem", "--to", "owner.pub", "--out", "v1.pem")
    check("extend to a public key", rc == 0 and "1 entry" in out, err)
    rc, out, err = run("voucher", "extend", "v1.pem", "--key", "owner.pem", "--to", "other.pem")
    with open("v2.pem", "w") as f:
        f.write(out)
    rc, out, err = run("voucher", "verify", "v2.pem", "--owner", "other.pem", "--maker", "maker.pem")
    check("and on, by way of standard output", rc == 0 and "2 entries" in out, err)
    for args, says, why in (
        (["extend", "v1.pem", "--key", "maker.pem", "--to", "other.pem"], "not the key of the present owner", "who has sold it cannot sell it again"),
        (["extend", "v1.pem", "--key", "owner.pem", "--to", "wide.pem"], "must be secp256r1", "keys of one voucher are of one type"),
        (["verify", "v2.pem", "--owner", "owner.pem"], "its owner is not", "not its owner any more"),
        (["verify", "v2.pem", "--maker", "owner.pem"], "its manufacturer is not", "not its manufacturer"),
    ):
        rc, out, err = run("voucher", *args)
        check(why, rc == 1 and says in err, err)
    whole = base64.b64decode("".join(open("v2.pem").read().splitlines()[1:-1]))
    broken = ""
    n = 0
    for i in list(range(0, len(whole), 41)):
        for damaged in (whole[:i], whole[:i] + bytes([whole[i] ^ 0x20]) + whole[i + 1:]):
            with open("damaged", "wb") as f:
                f.write(damaged)
            rc, out, err = run("voucher", "verify", "damaged")
            n += 1
            if rc != 1 or "damaged: offset " not in err or "fault of its own" in err:
                broken = f"byte {i} of {len(whole)}: exit {rc}: {out}{err}"
    check("cut short or one bit wrong: refused, with an offset", not broken, broken or f"{n} damaged vouchers")


YES = "return { authorize = function(q) return true end }"
NO = "return { authorize = function(q) return false, 'not today' end }"
LATE = "return { authorize = function(q) if q.tries == 0 then return later(1) end return true end }"


def write(name, text):
    with open(name, "w") as f:
        f.write(text)
    return name


def claims_of_policy():
    write("yes.lua", YES)
    write("no.lua", NO)
    write("late.lua", LATE)
    for policy, ok, says in ((None, False, "there is no policy"), ("no.lua", False, "not today"), ("yes.lua", True, ""), ("late.lua", True, ""), ("allow_list", False, "not on the list")):
        s = Server("serve", "fdo", "--role", "maker", "--listen", "127.0.0.1:0", "--key", "maker.pem", "--rv", "http://127.0.0.1:1", "--vouchers", "vouchers", *(["--policy", policy] if policy else []))
        url = s.until("ready")["url"]
        db = f"di-{policy}.db"
        rc, out, err = run("device", "fdo", "--store", db, "--di", url)
        s.end()
        q = [e for e in s.said if e["event"] == "question"]
        reason = q[0].get("reason", "") if q else "no question"
        check(f"DI with policy {policy}: {'done' if ok else 'refused'}", (rc == 0) == ok and q and says in reason, f"{[e['verdict'] for e in q]} {reason} {err}")


def claims_of_wrong_policies():
    serve = ["serve", "fdo", "--role", "rv", "--listen", "127.0.0.1:0", "--policy"]
    write("syntax.lua", "return {\n  authorize = function(q) retrun true end,\n}\n")
    rc, out, err = run(*serve, "syntax.lua")
    check("a policy with a syntax error is told at the start, with its line", rc == 1 and "syntax.lua:2:" in err and "fault of its own" not in err, err)
    write("number.lua", "return 7\n")
    rc, out, err = run(*serve, "number.lua")
    check("... one that returns something else too", rc == 1 and "number.lua: the file returned a number" in err, err)
    write("raises.lua", "return {\n  authorize = function(q)\n    return q.claims.nothing.at_all\n  end,\n}\n")
    s = Server("serve", "fdo", "--role", "maker", "--listen", "127.0.0.1:0", "--key", "maker.pem", "--rv", "http://127.0.0.1:1", "--vouchers", "vouchers", "--policy", "raises.lua")
    run("device", "fdo", "--store", "raises.db", "--di", s.until("ready")["url"])
    s.end()
    reason = [e for e in s.said if e["event"] == "question"][0].get("reason", "")
    check("an error in a question names topic, file and line", reason.startswith("authorize: raises.lua:3: "), reason)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def claims_of_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as e:
        return skip("IPv6", f"this machine has no ::1 ({e})")
    s = Server("serve", "fdo", "--role", "maker", "--listen", "[::1]:0", "--key", "maker.pem", "--rv", "http://[::1]:8041", "--rv", "http://rv.example", "--policy", "yes.lua")
    rc, out, err = run("device", "fdo", "--store", "six.db", "--di", s.until("ready")["url"])
    s.end()
    check("IPv6", rc == 0 and "[2, h'5000000000000000000000000000000001']" in run("inspect", "six.db")[1], out + err)


def claims_of_onboarding():
    port = free_port()
    run("make", "fdo", "b", "--key", "maker.pem", "--bypass", f"http://127.0.0.1:{port}", "--serial", "b1", "--count", "3")
    for i in (1, 2, 3):
        run("voucher", "extend", f"b/b1-{i}.voucher.pem", "--key", "maker.pem", "--to", "owner.pub", "--out", f"b{i}.pem")
    write("page", "hello " * 2000)
    s = Server("serve", "fdo", "--role", "owner", "--listen", f"127.0.0.1:{port}", "--key", "owner.pem", "--policy", "yes.lua", "--store", "owner.db",
               "--voucher", "b1.pem", "--voucher", "b2.pem", "--voucher", "b3.pem", "--download", "page=page", "--command", "touch ran", "--command", "seq 1000 3000", "--upload", "report", "--uploads", "up")
    s.until("ready")
    rc, out, err = run("device", "fdo", "--store", "b/b1-1.db", "--dir", "d1", "--allow-run")
    check("an upload of a file that is not there fails the run, not the command", rc in (0, 1) and "fault of its own" not in err + out, out)
    os.makedirs("d2", exist_ok=True)
    write("d2/report", "all is well\n" * 500)
    rc, out, err = run("device", "fdo", "--store", "b/b1-2.db", "--dir", "d2", "--allow-run")
    check("rendezvous bypass: onboarded", rc == 0, out)
    check("the download is whole", os.path.exists("d2/page") and open("d2/page").read() == open("page").read())
    check("the command ran, in the directory", os.path.exists("d2/ran") and not os.path.exists("ran"))
    news = [e for e in s.said if e["event"] == "news" and e["name"].endswith("/stdout")]
    full = " ".join(str(n) for n in range(1000, 3001))
    at = [full.find(e["value"].strip()[:40]) for e in news if e["name"] == news[-1]["name"]]
    check("output that needs many messages arrives in parts that follow on one another", len(at) > 2 and at[0] == 0 and all(abs(b - a - at[1]) < 3 for a, b in zip(at, at[1:])) and at[-1] + at[1] >= len(full), at)
    up = [os.path.join(w, n) for w, _, ns in os.walk("up") for n in ns]
    check("the upload arrived", len(up) == 1 and open(up[0]).read() == open("d2/report").read(), up)
    rc, out, err = run("device", "fdo", "--store", "b/b1-3.db", "--dir", "d3")
    check("without --allow-run no command runs", not os.path.exists("d3/ran") and "refused to run touch" in out, out)
    check("and a run that failed leaves no file", rc == 0 or not os.listdir("d3"), os.listdir("d3"))
    s.p.send_signal(signal.SIGTERM)
    check("TERM ends a server in order", s.end() == 0)
    rc, out, err = run("serve", "fdo", "--role", "owner", "--key", "owner.pem", "--listen", "0.0.0.0:0")
    check("an owner on every address must say where it is", rc == 2 and "--url" in err, err)
    claims_of_wrong_policies()
    claims_of_ipv6()
    rc, out, err = run("serve", "fdo", "--role", "rv", "--listen", "300.1.1.1:80")
    check("an address that is none", rc == 1 and "ADDRESS:PORT" in err, err)


def claims_of_power():
    port = free_port()
    run("make", "fdo", "p", "--key", "maker.pem", "--bypass", f"http://127.0.0.1:{port}", "--serial", "p1")
    old = run("voucher", "show", "p/p1.voucher.pem")[1].split("GUID")[1].split()[0]
    run("voucher", "extend", "p/p1.voucher.pem", "--key", "maker.pem", "--to", "owner.pub", "--out", "p.pem")
    s = Server("serve", "fdo", "--role", "owner", "--listen", f"127.0.0.1:{port}", "--key", "owner.pem", "--policy", "yes.lua", "--store", "p.db", "--voucher", "p.pem", "--download", "page=page")
    s.until("ready")
    before = after = 0
    wrong = []
    rng = random.Random(4711)
    for i in range(40):
        shutil.rmtree("pd", ignore_errors=True)
        shutil.copy("p/p1.db", "power.db")
        p = subprocess.Popen([IMPRINT, "device", "fdo", "--store", "power.db", "--dir", "pd"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.random() * 0.07)
        p.kill()
        p.wait()
        facts = run("inspect", "power.db")[1]
        guid = re.search(r"fdo.credential: \[ \w+, 101, \"[^\"]*\", h'(\w+)'", facts)
        if not guid:
            wrong.append(f"no credential: {facts}")
        elif guid[1] == old:
            before += 1
            if run("voucher", "verify", "p/p1.voucher.pem", "--store", "power.db")[0] or "config fdo.owner" in facts:
                wrong.append("the old credential with another secret")
        else:
            after += 1
            if f"voucher {guid[1]}:" not in run("inspect", "p.db")[1] or "owner fdo.owner" not in facts or not os.path.exists("pd/page"):
                wrong.append("a new credential, but not all of it")
        for f in glob.glob("power.db*"):
            os.remove(f)
    check("the device is killed at any moment: its credential is the old one or the new one, whole, with all that came with it", not wrong, "; ".join(wrong) or f"{before} old, {after} new")
    shutil.copy("p/p1.db", "power.db")
    check("and it can be onboarded again and again until it is", run("device", "fdo", "--store", "power.db", "--dir", "pd")[0] == 0)
    s.end()


def post(port, path, body, headers=()):
    """One request by hand: status, message type, body."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as c:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/cbor\r\nContent-Length: {len(body)}\r\n" + "".join(f"{h}\r\n" for h in headers)
        c.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)
        got = b""
        while True:
            try:
                piece = c.recv(65536)
            except ConnectionResetError:
                break
            if not piece:
                break
            got += piece
    if not got:
        return 0, None, b""
    head, _, rest = got.partition(b"\r\n\r\n")
    kind = re.search(rb"(?i)message-type: (\d+)", head)
    return int(head.split()[1]), kind and int(kind[1]), rest


BODIES = [  # what is no message of FDO, for every type
    (b"", "nothing"),
    (b"\x00", "a number"),
    (b"\x80", "an empty array"),
    (b"\x81" * 5000 + b"\x00", "arrays 5000 deep"),
    (b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "an array of 2^64 - 1"),
    (b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff" + b"x" * 100, "a byte string longer than the world"),
    (b"\xd2\x84\x40\xa0\x40\x40", "an empty COSE_Sign1"),
    (b"\xd0\x83\x40\xa0\x40", "an empty COSE_Encrypt0"),
    (b"\x9f\xff", "an array of indefinite length"),
    (bytes(range(256)) * 200, "51,200 bytes of anything"),
    (b"\x85" + b"\x19\x51\x14" * 5, "an array of numbers"),
]


def claims_of_hostile_peers():
    run("make", "key", "h.pem")
    s = Server("serve", "fdo", "--role", "owner,rv,maker", "--listen", "127.0.0.1:0", "--key", "h.pem", "--policy", "yes.lua", "--rv", "http://127.0.0.1:1")
    url = s.until("ready")["url"]
    port = int(url.rsplit(":", 1)[1])
    wrong, n = [], 0
    for kind in (10, 12, 20, 22, 30, 32, 60, 62, 64, 66, 68, 70, 11, 99, 0):
        for body, what in BODIES:
            status, reply, data = post(port, f"/fdo/101/msg/{kind}", body)
            n += 1
            fine = reply == 255 and status == 500 and data[:1] == b"\x85" or status in (400, 404, 405, 413) or (kind == 20 and body == b"\x80" and reply == 21)
            if not fine:
                wrong.append(f"{kind} {what}: {status} {reply} {data[:20].hex()}")
    check("messages that are none: error 255, or the transport's refusal", not wrong, "; ".join(wrong[:4]) or f"{n} requests")
    for token in ("", "x", "00" * 16, "0" * 500, "é"):
        status, reply, data = post(port, "/fdo/101/msg/62", b"\x81\x00", [f"Authorization: Bearer {token}"])
        check(f"a token that is none: {token[:20]!r}", status in (400, 500) and (reply != 255 or data[1:2] == b"\x01"), f"{status} {reply} {data[:8].hex()}")
    for path in ("/", "/fdo/100/msg/60", "/fdo/101/msg/", "/fdo/101/msg/60/", "/fdo/101/msg/6000000000000", "/../../etc/passwd"):
        status, reply, _ = post(port, path, b"")
        check("a path that is none: " + path, status in (400, 404, 405, 500), status)
    for raw in (b"\x00" * 100, b"GET / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", b"A" * 70000, b"POST /fdo/101/msg/60 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as c:
            try:
                c.sendall(raw)
                c.shutdown(socket.SHUT_WR)
                while c.recv(65536):
                    pass
            except (ConnectionResetError, BrokenPipeError):
                pass
    rc, out, err = run("device", "fdo", "--store", "after.db", "--di", url)
    check("after all that it still serves", rc == 0, out + err)
    check("and ends in order", s.end() == 0, s.p.stderr.read()[-200:])
    failed = [e for e in s.said if e["event"] == "done" and e["code"] < 0]
    check("each failed run has a line with its state and reason", failed and all(re.match(r"imp\.fdo\.\w+", e["where"]) for e in failed), f"{len(failed)} lines, such as: {failed[0]['where'] if failed else ''}")


LADDER = [10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33, 60, 61, 62, 63, 64, 65, 66, 67]


def claims_of_demo():
    os.mkdir("demo-tmp")
    os.environ["TMPDIR"] = os.path.abspath("demo-tmp")
    began = time.monotonic()
    rc, out, err = run("demo", "fdo", "--yes", "--json")
    seconds = time.monotonic() - began
    if not check("demo --json: data, exit 0", rc == 0 and out.startswith("{"), err):
        return
    d = json.loads(out)
    numbers = [int(m["label"].split()[0]) for m in d["messages"]]
    check("it went well, in less than 10 s", d["ok"] and seconds < 10, f"{seconds:.1f} s")
    check("four players", sorted(p["name"] for p in d["players"]) == ["device", "manufacturer", "owner", "rendezvous"])
    check("the messages of DI, TO0, TO1, TO2 in order", numbers[:20] == LADDER and numbers[-2:] == [70, 71] and set(numbers[20:-2]) == {68, 69}, numbers)
    check("each from one player to another", all(m["from"] in d_names and m["to"] in d_names for d_names in [{p["name"] for p in d["players"]}] for m in d["messages"]))
    check("policy was asked by the manufacturer, the owner twice and the rendezvous", sorted(q["player"] for q in d["questions"]) == ["manufacturer", "owner", "owner", "rendezvous"] and all(q["verdict"] == "yes" for q in d["questions"]))
    learnt = {(k["player"], k["topic"]) for k in d["knowledge"]}
    check("what was imparted", {("device", "owner"), ("device", "voucher"), ("device", "key"), ("device", "image"), ("rendezvous", "server"), ("owner", "voucher"), ("owner", "owner"), ("manufacturer", "voucher")} <= learnt, sorted(learnt))
    check("initial beliefs of device and owner", {("device", "key"), ("owner", "voucher"), ("owner", "key")} <= {(b["player"], b["topic"]) for b in d["beliefs"]})
    check("no secret is told", all(f.get("value") is None for f in d["beliefs"] + d["knowledge"] if f["secret"] or f["topic"] == "key") and any(f["secret"] for f in d["beliefs"]))
    rc, out, err = run("demo")
    check("demo: the ladder, the policy's answers, the table", rc == 0 and "60 TO2.HelloDevice" in out and "asks its policy" in out and "initial beliefs" in out and "onboarded in" in out, err)
    check("and nothing stays behind", not os.listdir("demo-tmp"), os.listdir("demo-tmp"))


def claims_of_mistakes():
    run("make", "key", "mistake.pem")
    was = open("mistake.pem").read()
    rc, out, err = run("make", "key", "mistake.pem")
    check("a key is not written over another", rc == 1 and "not overwritten" in err and open("mistake.pem").read() == was, err)
    rc, out, err = run("make", "key", "mistake2.pem", "--public", "mistake2.pem")
    check("nor its public half over itself", rc == 2 and not os.path.exists("mistake2.pem"), err)
    open("zero", "wb").close()
    with sqlite3.connect("alien.db") as db:
        db.execute("CREATE TABLE bookmarks(x)")
    db.close()
    alien = open("alien.db", "rb").read()
    run("make", "fdo", "mis", "--key", "mistake.pem", "--rv", "http://127.0.0.1:1", "--serial", "m")
    v = "mis/m.voucher.pem"
    for args in (["label"], ["voucher", "verify", v, "--store"], ["device", "fdo", "--store"], ["inspect"]):
        for name in ("zero", "alien.db", v, "."):
            if args != ["inspect"] or name == "alien.db":
                rc, out, err = run(*args, name)
                check(f"{' '.join(args)} {name}: it says that it is no store", rc == 1 and err.startswith(f"imprint: {name}: ") and err.count("\n") == 1 and ("expected a store" in err or "another program" in err), err)
    check("and no file has become one", os.path.getsize("zero") == 0 and open("alien.db", "rb").read() == alien)
    rc, out, err = run("make", "fdo", "mis2", "--key", "mistake.pem", "--rv", "http://h", "--seal", "zero")
    check("an empty key seals nothing", rc == 1 and "zero: offset 0: expected 32 bytes" in err and not os.path.exists("mis2"), err)
    for name, byte in (("seal", b"a"), ("seal2", b"b")):
        with open(name, "wb") as f:
            f.write(byte * 32)
    run("make", "fdo", "mis", "--key", "mistake.pem", "--rv", "http://127.0.0.1:1", "--serial", "sealed", "--seal", "seal")
    for seal in ([], ["--seal", "seal2"]):
        rc, out, err = run("voucher", "verify", "mis/sealed.voucher.pem", "--store", "mis/sealed.db", *seal)
        check("a sealed store says so, " + (" ".join(seal) or "without a key"), rc == 1 and "it is sealed, and this is not the key" in err, err)
        rc, out, err = run("device", "fdo", "--store", "mis/sealed.db", *seal)
        check("also to a device", rc == 1 and "it is sealed, and this is not the key" in out, out + err)
    check("with its key it opens", run("voucher", "verify", "mis/sealed.voucher.pem", "--store", "mis/sealed.db", "--seal", "seal")[0] == 0)
    before = run("label", "mis/m.db")[1]
    rc, out, err = run("device", "fdo", "--store", "mis/m.db", "--di", "http://127.0.0.1:1")
    check("a credential is not overwritten by another DI", rc == 1 and "holds a credential already" in err and run("label", "mis/m.db")[1] == before, err)
    rc, out, err = run("device", "fdo", "--store", "mis/new.db", "--di", "http://127.0.0.1:1")
    rc, out, err = run("device", "fdo", "--store", "mis/new.db")
    check("a device without a credential says how to get one", rc == 1 and "holds no credential; --di URL" in err, err)
    rc, out, err = run("device", "fdo", "--store", "mis/m.db", "--dir", "mis")
    check("the store does not lie where the owner reads and writes", rc == 1 and "the store mis/m.db lies in it" in err, err)
    os.symlink("m.db", "mis/link.db")
    rc, out, err = run("device", "fdo", "--store", "mis/link.db", "--dir", "mis")
    check("not by another name either", rc == 1 and "lies in it" in err, err)
    owner = ["serve", "fdo", "--role", "owner", "--key", "mistake.pem"]
    for more, says in ((["--listen", "0.0.0.0:0"], "needs --url"), (["--listen", "[::]:0"], "needs --url"), (["--upload", "a/b"], "plain NAME"), (["--wget", "a=b"], "NAME=http://"), (["--command", " "], "--command is empty")):
        rc, out, err = run(*owner, *more, timeout=10)
        check("an owner with " + " ".join(more), rc == 2 and says in err, err)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = "%s:%d" % taken.getsockname()
        rc, out, err = run("serve", "fdo", "--role", "rv", "--listen", where)
        check("a port that is taken", rc == 1 and where in err and "taken" in err and err.count("\n") == 1, err)


def claims_of_standard_streams():
    for how, stdin in (("/dev/null", subprocess.DEVNULL), ("a file", open("maker.pem"))):
        p = subprocess.run([IMPRINT, "serve", "fdo", "--role", "rv", "--listen", "127.0.0.1:0", "--attached"], stdin=stdin, capture_output=True, timeout=20)
        check(f"--attached to {how}", p.returncode == 2 and b"no pipe" in p.stderr, p.stderr)
    with open("/dev/full", "w") as full:
        p = subprocess.run([IMPRINT, "voucher", "extend", "v1.pem", "--key", "owner.pem", "--to", "other.pem"], stdout=full, stderr=subprocess.PIPE)
    check("standard output is full: exit 1, and it says so", p.returncode == 1 and b"standard output: No space" in p.stderr, p.stderr)
    subprocess.run(f"'{IMPRINT}' make key closed.pem <&- >&- 2>&-", shell=True)
    check("closed streams: nothing else goes into a file", run("inspect", "closed.pem")[0] == 0 and open("closed.pem").read().startswith("-----BEGIN EC") and open("closed.pem").read().endswith("-----\n"))


def claims_of_trouble():
    port = free_port()
    run("make", "fdo", "t", "--key", "maker.pem", "--bypass", f"http://127.0.0.1:{port}", "--serial", "t", "--count", "2")
    for i in (1, 2):
        run("voucher", "extend", f"t/t-{i}.voucher.pem", "--key", "maker.pem", "--to", "owner.pub", "--out", f"t{i}.pem")
    write("nodir", "no directory")
    os.makedirs("dt", exist_ok=True)
    write("dt/report", "all is well\n")
    s = Server("serve", "fdo", "--role", "owner", "--listen", f"127.0.0.1:{port}", "--key", "owner.pem", "--policy", "yes.lua", "--voucher", "t1.pem", "--voucher", "t2.pem", "--upload", "report", "--uploads", "nodir")
    s.until("ready")
    codes = [run("device", "fdo", "--store", f"t/t-{i}.db", "--dir", "dt")[0] for i in (1, 2)]
    check("an upload that cannot be written is the trouble of one, the server goes on", codes == [0, 0] and s.end() == 0, f"{codes} {s.p.stderr.read()[-200:]}")
    check("what is in a file is not for the log", not any("all is well" in str(e) for e in s.said))
    check("and it says so", any(e["event"] == "trouble" and "nodir" in e["text"] for e in s.said))


claims_of_words()
claims_of_catalogue()
claims_of_plan()
claims_of_terminals()
claims_of_files()
claims_of_mistakes()
claims_of_vectors()
claims_of_factory()
claims_of_policy()
claims_of_onboarding()
claims_of_standard_streams()
claims_of_trouble()
claims_of_power()
claims_of_hostile_peers()
claims_of_demo()
print(f"1..{count}")
sys.exit(failures != 0)
