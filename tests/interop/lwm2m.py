"""lwm2m.py IMPRINT LESHAN -- bootstrap both ways against Leshan (lwm2m/Peer.java):
NoSec, PSK, raw public keys, X.509; and keys that are wrong.  TAP."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

IMPRINT, LESHAN = os.path.abspath(sys.argv[1]), sys.argv[2]
JAVA = ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{LESHAN}:{LESHAN}/*", "Peer"]
TIMEOUT = 60
EP = "meter-17"
URI = "coaps://lwm2m.example:5684"
count = failures = 0


def claim(name, holds, detail=""):
    global count, failures
    count += 1
    failures += not holds
    print(f"{'ok' if holds else 'not ok'} {count} - {name}{'' if holds else ': ' + ' | '.join(str(detail).splitlines()[-8:])[:600]}", flush=True)


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def make_keys(d, name):
    """name.pem .crt.pem .pub.pem, and in DER .p8 .crt .spki"""
    f = f"{d}/{name}"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f + ".pem")
    openssl("req", "-x509", "-new", "-key", f + ".pem", "-subj", f"/CN={EP if name == 'client' else 'localhost'}", "-days", "30", "-out", f + ".crt.pem")
    openssl("pkey", "-in", f + ".pem", "-pubout", "-out", f + ".pub.pem")
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", f + ".pem", "-outform", "DER", "-out", f + ".p8")
    openssl("x509", "-in", f + ".crt.pem", "-outform", "DER", "-out", f + ".crt")
    openssl("pkey", "-pubin", "-in", f + ".pub.pem", "-outform", "DER", "-out", f + ".spki")


@contextlib.contextmanager
def process(*words):
    p = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield p
    finally:
        p.kill()
        p.wait()
        p.stdout.close()


def credentials(d, mode, side, other, key):
    if mode == "psk":
        return ["--psk", f"{EP}={key}"]
    kind = {"rpk": ".pub.pem", "x509": ".crt.pem"}.get(mode)
    trust = "--server" if side == "client" else "--trust"
    return ["--cert", f"{d}/{side}{kind}", "--key", f"{d}/{side}.pem", trust, f"{d}/{other}{kind}"] if kind else []


def device(d, mode, port, other="server", *, key, patience=TIMEOUT):
    """Our client: its exit code, what it learnt, what it said.  A Leshan that
    cannot read Finished says nothing, and the client repeats it: 124 then."""
    scheme = "coap" if mode == "nosec" else "coaps"
    store = tempfile.mktemp(dir=d, suffix=".db")
    p = subprocess.run(["timeout", str(patience), IMPRINT, "device", "lwm2m", "--bs", f"{scheme}://127.0.0.1:{port}", "--ep", EP, "--store", store, "--events",
                        *credentials(d, mode, "client", other, key)], capture_output=True, text=True)
    said = [json.loads(line) for line in p.stdout.splitlines()]
    return p.returncode, {e["name"]: e.get("value") for e in said if e["event"] == "knowledge"}, p.stdout + p.stderr


def claims_of_our_client(d, key):
    for mode in "nosec", "psk", "rpk", "x509":
        with process(*JAVA, "server", mode, EP, d) as server:
            port = server.stdout.readline().strip()
            rc, learnt, out = device(d, mode, port, key=key)
            claim(f"our client, Leshan's bootstrap server, {mode}: /0/1, /1/0 and where to register",
                  rc == 0 and learnt.get("lwm2m/101") == URI and {"lwm2m/0/1", "lwm2m/1/0"} <= set(learnt), out)
            if mode == "psk":
                rc, learnt, out = device(d, mode, port, key="00" * 16, patience=5)
                claim("... with a wrong key: nothing is learnt", rc != 0 and not learnt, out)
            if mode in ("rpk", "x509"):
                rc, learnt, out = device(d, mode, port, "stranger", key=key)
                claim("... when the server is not the account's: nothing is learnt", rc != 0 and not learnt, out)


def serve(d, mode, trust="client", *, key):
    return process(IMPRINT, "serve", "lwm2m-bs", "--listen", "127.0.0.1:0", "--config", f"{d}/config.json", "--policy", f"{d}/policy.lua", "--events",
                   *(["--plain"] if mode == "nosec" else credentials(d, mode, "server", trust, key)))


def ready(server):
    for line in server.stdout:
        e = json.loads(line)
        if e["event"] == "ready":
            return e["address"]
    raise EOFError("the server ended")


def leshan_client(d, mode, address, ep=EP):
    scheme = "coap" if mode == "nosec" else "coaps"
    p = subprocess.run([*JAVA, "client", mode, f"{scheme}://{address}", ep, d], capture_output=True, text=True, timeout=TIMEOUT + 30)
    return p.stdout, p.stdout + p.stderr


def claims_of_our_server(d, key):
    for mode in "nosec", "psk", "rpk", "x509":
        with serve(d, mode, key=key) as server:
            out, why = leshan_client(d, mode, ready(server))
            claim(f"Leshan's client, our bootstrap server, {mode}: success, and its account is where it was",
                  "success" in out and f"/0/1 {URI}" in out and "/1/0 101" in out and "/0/0 coap" in out, why)
    with serve(d, "psk", key=key) as server:
        out, why = leshan_client(d, "psk", ready(server), "meter-18")
        claim("Leshan's client whose identity we do not know: none", "success" not in out and "/1/0" not in out, why)
    with serve(d, "rpk", "stranger", key=key) as server:
        out, why = leshan_client(d, "rpk", ready(server))
        claim("Leshan's client whose raw key we do not trust: none", "success" not in out and "/1/0" not in out, why)


def main():
    with tempfile.TemporaryDirectory(prefix="imprint-lwm2m-") as d:
        key = os.urandom(16)
        pathlib.Path(d, "psk").write_bytes(key)
        for name in "client", "server", "stranger":
            make_keys(d, name)
        account = {"uri": URI, "ssid": 101, "lifetime": 3600, "mode": "psk", "identity": "ident", "key": "00" * 16}
        pathlib.Path(d, "config.json").write_text(json.dumps({"servers": [account]}))
        pathlib.Path(d, "policy.lua").write_text("return { authorize = function(q) return true end }\n")
        claims_of_our_client(d, key.hex())
        claims_of_our_server(d, key.hex())
    print(f"1..{count}")
    return failures > 0


sys.exit(main())
