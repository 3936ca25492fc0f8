"""fdo.py -- imprint against go-fdo, both ways (TAP).

usage: fdo.py IMPRINT PEERS [WORD]     only the claims with WORD in them

Their servers (PEERS/fdo, a program of ours on their library) with our device;
our servers with their device (PEERS/go-fdo-client, as it is).  Every process
listens on a loopback port that the kernel chose.
"""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

IMPRINT, PEERS = sys.argv[1], pathlib.Path(sys.argv[2])
WORD = sys.argv[3] if len(sys.argv) > 3 else ""
HERE = pathlib.Path(__file__).parent
GCM = {"A128GCM": 1, "A256GCM": 3}
EXCHANGES = {"ec256": ["ECDH256"], "ec384": ["ECDH384"], "rsa2048": ["DHKEXid14", "ASYMKEX2048"], "rsa3072": ["DHKEXid15", "ASYMKEX3072"]}
ENCODINGS = {"x509": "X509", "x5chain": "X5CHAIN", "cose": "COSEKEY"}
TIMEOUT = 60
count = failures = 0


class Trouble(Exception):
    pass


def too_long(*_):
    raise Trouble(f"nothing after {TIMEOUT} s")


def claim(name, test):
    """Run test(dir); it raises what is wrong and returns what it saw."""
    global count, failures
    if WORD not in name:
        return
    count += 1
    detail, holds = "", True
    with tempfile.TemporaryDirectory(prefix="imprint-interop-") as d:
        signal.signal(signal.SIGALRM, too_long)
        signal.alarm(TIMEOUT)
        try:
            detail = test(pathlib.Path(d)) or ""
        except Exception as e:  # whatever went wrong is this claim's failure
            holds, detail = False, f"{type(e).__name__}: {e}".replace("\n", " | ")
        signal.alarm(0)
    failures += not holds
    print(f"{'ok' if holds else 'not ok'} {count} - {name}{': ' if detail else ''}{detail}", flush=True)


def run(*words, cwd=None, check=True):
    p = subprocess.run([str(w) for w in words], cwd=cwd, capture_output=True, text=True, timeout=TIMEOUT)
    if check and p.returncode:
        raise Trouble(f"{pathlib.Path(words[0]).name} {' '.join(map(str, words[1:4]))} ended with {p.returncode}: {(p.stderr or p.stdout)[-600:]}")
    return p


def http(url, body=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=TIMEOUT) as r:
            return r.read()
    except urllib.error.HTTPError as e:
        raise Trouble(f"{url}: {e.code} {e.read().decode(errors='replace')}") from None


@contextlib.contextmanager
def process(*words, cwd=None, errors=None):
    p = subprocess.Popen([str(w) for w in words], cwd=cwd, stdout=subprocess.PIPE, stderr=errors or subprocess.DEVNULL, stdin=subprocess.PIPE, text=True)
    try:
        yield p
    finally:
        p.kill()
        p.wait()


# --- their servers, our device --------------------------------------------


@contextlib.contextmanager
def their_servers(d, key, *options):
    with open(d / "servers.log", "w") as log, process(PEERS / "fdo", "servers", "-key", key, "-dir", d, *options, cwd=d, errors=log) as p:
        line = p.stdout.readline()
        if not line:
            raise Trouble((d / "servers.log").read_text()[-400:])
        yield json.loads(line)


def di(d, at, key="ec256", enc="x509"):
    make_key(d, "device", key)
    run(IMPRINT, "device", "fdo", "--store", d / "device.db", "--di", at["manufacturer"], "--key", d / "device.pem", "--serial", "interop-1", "--enc", enc, "--events", cwd=d)


def hand_over(d, at, next_owner="/key"):
    """Their manufacturer signs the voucher over to their owner; TO0."""
    made = json.loads(http(at["manufacturer"] + "/made"))
    guid = made[-1]
    voucher = http(f"{at['manufacturer']}/extend/{guid}", http(at["owner"] + next_owner))
    (d / "voucher.pem").write_bytes(voucher)
    run(IMPRINT, "voucher", "verify", d / "voucher.pem", "--store", d / "device.db")
    http(f"{at['owner']}/vouchers?rv={at['rendezvous']}", voucher)
    return guid


def expect_encoded(voucher, *want):
    """The keys in a voucher, the manufacturer's first, are encoded like this."""
    shown = run(IMPRINT, "voucher", "show", voucher).stdout
    seen = re.findall(r" as (\w+), SHA-256", shown)
    if tuple(seen) != want or "chain        good" not in shown:
        raise Trouble(f"keys are encoded as {seen}, not {want}: {shown[:600]}")


def onboard_there(d, at, *options, next_owner="/key"):
    guid = hand_over(d, at, next_owner)
    run(IMPRINT, "device", "fdo", "--store", d / "device.db", "--events", *options, cwd=d)
    if guid not in json.loads(http(at["owner"] + "/finished")):
        raise Trouble("their owner did not finish")
    return guid


# go-fdo wants the device's key to be of the manufacturer's type; the mixtures
# that FDO allows are tested between our own roles (tests/pair.c).
def device_with(key, kex, cipher):
    def test(d):
        with their_servers(d, key) as at:
            di(d, at, key)
            onboard_there(d, at, "--kex", kex, "--cipher", GCM[cipher])
    return test


def device_encoding(key, enc):
    def test(d):
        with their_servers(d, key) as at:
            di(d, at, key, enc)
            onboard_there(d, at, next_owner="/chain" if enc == "x5chain" else "/key")
        expect_encoded(d / "voucher.pem", ENCODINGS[enc], ENCODINGS[enc])
    return test


def device_rsa_cose(d):
    with their_servers(d, "rsa2048") as at:
        try:
            di(d, at, "rsa2048", "cose")
        except Trouble as e:
            said = str(e)
        else:
            raise Trouble("they made a COSE key of RSA")
        if "COSE encoding" not in said:
            raise Trouble(f"their reason is not told: {said}")
        di(d, at, "rsa2048", "x509")
    return "they refuse, and serve on"


def device_service_info(d):
    (d / "motd.txt").write_text("welcome\n" * 500)
    (d / "dev").mkdir()
    (d / "dev" / "report.txt").write_text("all is well\n" * 300)
    (d / "up").mkdir()
    with their_servers(d, "ec256", "-download", d / "motd.txt", "-command", "-upload", "report.txt", "-dir", d / "up") as at:
        di(d, at)
        onboard_there(d, at, "--dir", d / "dev", "--allow-run")
    if (d / "dev" / "motd.txt").read_text() != (d / "motd.txt").read_text():
        raise Trouble("the download is not the file")
    if (d / "dev" / "command.out").read_text() != "onboarded\n":
        raise Trouble("the command did not run in --dir")
    sent = [f.read_text() for f in (d / "up").iterdir()]
    if (d / "dev" / "report.txt").read_text() not in sent:
        raise Trouble(f"the upload did not arrive: {sorted(os.listdir(d / 'up'))}")
    return "a download of 4,000 bytes, a command, an upload of 3,600 bytes"


def device_refuses_command(d):
    with their_servers(d, "ec256", "-command") as at:
        di(d, at)
        hand_over(d, at)
        p = run(IMPRINT, "device", "fdo", "--store", d / "device.db", "--events", "--dir", d, cwd=d, check=False)
        if p.returncode == 0 or json.loads(http(at["owner"] + "/finished")):
            raise Trouble("it onboarded all the same")
    if (d / "command.out").exists():
        raise Trouble("the command ran")
    return "the owner wants may_fail = false: TO2 ends"


def device_reuse(d):
    with their_servers(d, "ec256", "-reuse") as at:
        di(d, at)
        before = hand_over(d, at)
        run(IMPRINT, "device", "fdo", "--store", d / "device.db", "--events", cwd=d)
        after = run(IMPRINT, "device", "fdo", "--store", d / "device.db", "--events", "--no-reuse", cwd=d, check=False)
        if "102" not in after.stdout + after.stderr and "euse" not in after.stdout + after.stderr:
            raise Trouble(f"--no-reuse did not refuse: {after.stdout[-300:]}{after.stderr[-300:]}")
    return f"{before[:8]}... is kept; the next owner's wish is refused under --no-reuse"


def device_bypass(d):
    with their_servers(d, "ec256", "-bypass") as at:
        di(d, at)
        guid = json.loads(http(at["manufacturer"] + "/made"))[-1]
        http(at["owner"] + "/vouchers?rv=", http(f"{at['manufacturer']}/extend/{guid}", http(at["owner"] + "/key")))
        run(IMPRINT, "device", "fdo", "--store", d / "device.db", "--events", cwd=d)
        if guid not in json.loads(http(at["owner"] + "/finished")):
            raise Trouble("their owner did not finish")


def device_wrong_owner(d):
    with their_servers(d, "ec256") as at, their_servers(d, "ec256") as other:
        di(d, at)
        guid = json.loads(http(at["manufacturer"] + "/made"))[-1]
        voucher = http(f"{at['manufacturer']}/extend/{guid}", http(at["owner"] + "/key"))
        try:
            http(f"{other['owner']}/vouchers?rv={at['rendezvous']}", voucher)
        except Trouble:
            pass
        p = run(IMPRINT, "device", "fdo", "--store", d / "device.db", "--events", cwd=d, check=False)
        if p.returncode == 0:
            raise Trouble("it onboarded with an owner whose key the voucher does not end in")


# --- our servers, their device --------------------------------------------


@contextlib.contextmanager
def our_server(d, role, *options):
    with open(d / f"{role}.log", "w") as log, process(IMPRINT, "serve", "fdo", "--role", role, "--listen", "127.0.0.1:0", "--store", d / f"{role}.db",
                 "--policy", HERE / "fdo" / "allow.lua", "--events", "--attached", *options, cwd=d, errors=log) as p:
        url = None
        while url is None:
            line = p.stdout.readline()
            if not line:
                raise Trouble(f"serve --role {role} ended: {(d / f'{role}.log').read_text()[-400:]}")
            url = json.loads(line).get("url")
        yield p, url


def wait_for(p, event, **fields):
    """Read events until one is called that, with these fields."""
    while True:
        line = p.stdout.readline()
        if not line:
            raise Trouble(f"the server ended before '{event}'")
        e = json.loads(line)
        if e["event"] == event and all(e.get(k) == v for k, v in fields.items()):
            return e
        if e["event"] == "trouble" or e["event"] == "done" and e["code"] < 0:
            raise Trouble(f"waiting for '{event}': {line.strip()}")


def make_key(d, name, key):
    """A PKCS#8 key by openssl, so that RSA is possible, and its public half."""
    alg = {"ec256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "ec384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
           "rsa2048": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "rsa3072": ["RSA", "-pkeyopt", "rsa_keygen_bits:3072"]}[key]
    run("openssl", "genpkey", "-algorithm", *alg, "-out", d / f"{name}.pem")
    run("openssl", "pkey", "-in", d / f"{name}.pem", "-pubout", "-out", d / f"{name}.pub")


def client(d, *words, key="ec256"):
    return run(PEERS / "go-fdo-client", *words, "--key", key, "--blob", d / "cred.bin", cwd=d)


def their_device(d, key, kex, cipher, *options, enc="x509", owner_options=(), before_owner=None):
    for name in ("maker", "owner"):
        make_key(d, name, key)
    run("openssl", "req", "-x509", "-new", "-key", d / "owner.pem", "-subj", "/CN=owner", "-out", d / "owner.crt")
    (d / "vouchers").mkdir()
    with our_server(d, "rv") as (rv, rv_url), our_server(d, "maker", "--key", d / "maker.pem", "--rv", rv_url, "--vouchers", d / "vouchers") as (maker, maker_url):
        client(d, "device-init", maker_url, "--serial-number", "s1", "--device-info", "their device", "--key-enc", enc, key=key)
        (voucher,) = (d / "vouchers").glob("*.pem")
        run(IMPRINT, "voucher", "extend", voucher, "--key", d / "maker.pem", "--to", d / ("owner.crt" if enc == "x5chain" else "owner.pub"), "--out", d / "extended.pem")
        expect_encoded(d / "extended.pem", *[ENCODINGS["x509" if enc == "cose" and key.startswith("rsa") else enc]] * 2)
        run(IMPRINT, "voucher", "verify", d / "extended.pem", "--maker", d / "maker.pub", "--owner", d / "owner.pub")
        with our_server(d, "owner", "--key", d / "owner.pem", "--rv", rv_url, "--voucher", d / "extended.pem", *owner_options) as (owner, _):
            wait_for(owner, "registered")
            p = client(d, "onboard", "--kex", kex, "--cipher", cipher, *options, key=key)
            if "Onboard Complete" not in p.stdout + p.stderr and "Credential not updated" not in p.stdout + p.stderr:
                raise Trouble(f"their device did not finish: {(p.stdout + p.stderr)[-400:]}")
            wait_for(owner, "done", code=0)


def owner_with(key, kex, cipher, enc="x509"):
    return lambda d: their_device(d, key, kex, cipher, enc=enc)


def owner_service_info(d):
    (d / "motd").write_text("welcome home\n" * 400)
    (d / "report.txt").write_text("all is well\n" * 300)
    their_device(d, "ec256", "ECDH256", "A128GCM", "--default-working-dir", d,
                 owner_options=("--download", f"got.txt={d / 'motd'}", "--command", "sh -c pwd>ran.txt", "--upload", "report.txt", "--uploads", d / "uploads"))
    if (d / "got.txt").read_text() != (d / "motd").read_text():
        raise Trouble("the download is not the file")
    if not (d / "ran.txt").exists():
        raise Trouble("the command did not run")
    sent = [f.read_text() for f in (d / "uploads").rglob("report.txt")]
    if sent != [(d / "report.txt").read_text()]:
        raise Trouble("the upload did not arrive")
    return "a download of 5,200 bytes, a command, an upload of 3,600 bytes"


def main():
    for key, exchanges in EXCHANGES.items():
        for kex in exchanges:
            for cipher in GCM:
                claim(f"our device ({key}), their servers: {kex}, {cipher}", device_with(key, kex, cipher))
    for key in ("ec256", "ec384", "rsa2048"):
        for enc in ENCODINGS:
            if (key, enc) != ("rsa2048", "cose"):
                claim(f"our device ({key}), their servers: keys encoded as {enc}", device_encoding(key, enc))
    claim("our device (rsa2048), their servers: go-fdo has no COSE key of RSA", device_rsa_cose)
    claim("our device, their servers: service info", device_service_info)
    claim("our device, their servers: a command that policy refuses", device_refuses_command)
    claim("our device, their servers: credential reuse", device_reuse)
    claim("our device, their servers: rendezvous bypass", device_bypass)
    claim("our device, their servers: an owner that does not own it", device_wrong_owner)
    for key, exchanges in EXCHANGES.items():
        for kex in exchanges:
            for cipher in GCM:
                claim(f"their device ({key}), our servers: {kex}, {cipher}", owner_with(key, kex, cipher))
    for key in ("ec256", "ec384", "rsa2048"):
        for enc in ("x5chain", "cose"):
            claim(f"their device ({key}), our servers: keys encoded as {enc}", owner_with(key, EXCHANGES[key][0], "A256GCM", enc))
    claim("their device, our servers: service info", owner_service_info)
    print(f"1..{count}")
    return failures != 0


sys.exit(main())
