#!/usr/bin/env python3
"""dpp.py -- imprint against wpa_supplicant, Wi-Fi Easy Connect over TCP (TAP).

Every role, direction, curve and credential that Debian's wpa_supplicant does over TCP.  It listens on every address,
so both live in a network namespace of their own (dpp.sh).  Our side is the Python package and a socket.
"""
import base64
import contextlib
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import time

import imprint
from imprint import Curve, Facts, Status, Topic, Verb, cbor, crypto

PORT = 18908
CURVES = {"P-256": Curve.P256, "P-384": Curve.P384, "P-521": Curve.P521, "BP-256": 256, "BP-384": 258, "BP-512": 259}
HOSTAP = {"P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1", "BP-256": "brainpoolP256r1", "BP-384": "brainpoolP384r1", "BP-512": "brainpoolP512r1"}
OIDS = {"P-256": "06082a8648ce3d030107", "P-384": "06052b81040022", "P-521": "06052b81040023", "BP-256": "06092b2403030208010107",
        "BP-384": "06092b240303020801010b", "BP-512": "06092b240303020801010d"}
SSID, PASS = "imprint-net", "a secret passphrase"
count = failures = 0


def claim(what, holds, why=""):
    global count, failures
    count += 1
    failures += not holds
    print(f"{'ok' if holds else 'not ok'} {count} - {what}{': ' + why if why and not holds else ''}", flush=True)
    return holds


# --- their side ----------------------------------------------------------------------------------


class Wpa:
    """One wpa_supplicant, by its control socket."""

    def __init__(self, folder, *lines):
        self.folder = tempfile.mkdtemp(dir=folder)
        conf = os.path.join(self.folder, "conf")
        with open(conf, "w") as f:
            f.write("\n".join((f"ctrl_interface={self.folder}/ctrl", *lines, "")))
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(["wpa_supplicant", "-t", "-ddK", "-D", "none", "-i", "lo", "-c", conf], stdout=log, stderr=log)
        self.events = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(os.path.join(self.folder, "us"))
        self._connect(os.path.join(self.folder, "ctrl", "lo"))
        self.cmd("ATTACH")

    def _connect(self, path):
        for _ in range(100):
            with contextlib.suppress(OSError):
                return self.socket.connect(path)
            time.sleep(0.05)
        raise RuntimeError("no control socket: " + self.tail())

    def cmd(self, line, fine=True):
        self.socket.settimeout(10)
        self.socket.send(line.encode())
        while True:
            said = self.socket.recv(8192).decode(errors="replace")
            if not said.startswith("<"):
                break
            self.events.append(said)
        if fine and said.startswith(("FAIL", "UNKNOWN")):
            raise RuntimeError(f"{line}: {said.strip()}")
        return said.strip()

    def drain(self):
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.events.append(self.socket.recv(8192).decode(errors="replace"))
        return self.events

    def said(self, name):
        return next((e[e.index(name):] for e in self.drain() if name in e), "")

    def wait(self, name, seconds=5):
        end = time.monotonic() + seconds
        while not self.said(name) and time.monotonic() < end:
            time.sleep(0.01)
        return self.said(name)

    def tail(self, n=25):
        with open(self.log, errors="replace") as f:
            return "".join("# " + line for line in f.readlines()[-n:])

    def uri(self, curve, *more):
        n = self.cmd(" ".join(("DPP_BOOTSTRAP_GEN type=qrcode curve=" + HOSTAP[curve], *more)))
        return self.cmd("DPP_BOOTSTRAP_GET_URI " + n)

    def scan(self, uri):
        return self.cmd("DPP_QR_CODE " + uri)

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.socket.close()


def hexed(text):
    return text.encode().hex()


# --- our side ------------------------------------------------------------------------------------


def spki(curve, point):
    """A SubjectPublicKeyInfo with the point compressed, as labels have it."""
    half = (len(point) - 1) // 2
    bits = b"\0" + bytes([2 + (point[-1] & 1)]) + point[1:1 + half]
    oids = bytes.fromhex("06072a8648ce3d0201" + OIDS[curve])
    body = b"\x30" + bytes([len(oids)]) + oids + b"\x03" + bytes([len(bits)]) + bits
    return b"\x30" + bytes([len(body)]) + body


def label(curve, key):
    return f"DPP:V:3;K:{base64.b64encode(spki(curve, key.point)).decode()};;"


class Ours:
    """One session of ours on a socket, until it is over."""

    def __init__(self, role, curve="P-256", yes=True, **facts):
        self.key = crypto.new_key(CURVES[curve])
        self.facts = Facts({(Topic.KEY, "dpp.bootstrap"): self.key.private})
        if role == "device":
            self.facts[Topic.CONFIG, "dpp.enrollee"] = cbor.encode({"name": "lamp", "role": facts.get("net_role", "sta")})
        self.shown, self.claims, self.yes = [], [], yes
        self.session = imprint.Session("dpp/dpptcp", role=role, facts=self.facts, answer=self.answer, max_msg=8192)
        self.socket = None
        self.sent = []

    def answer(self, q):
        if q.topic == Topic.AUTHORIZE:
            self.claims.append(q.claims)
            time.sleep(self.slow)
            return self.yes
        if q.topic == Topic.ISSUE:
            return self.issue(q.data)
        if q.topic == Topic.READ and self.readable:
            return self.readable
        return None

    readable, slow, server = b"", 0, None

    def idle(self):
        """Called again and again while it runs."""

    def close(self):
        for s in (self.socket, self.server):
            if s:
                s.close()

    def heard(self, said):
        for m in said:
            if m.verb == Verb.TX:
                self.socket.sendall(m.data)
            elif m.verb == Verb.OPEN:
                self.connect(m)
            elif m.verb == Verb.SHUT and self.socket:
                self.socket.close()
                self.socket = None
            elif m.verb == Verb.TELL and m.topic == Topic.SHOW:
                self.shown.append(m.data)

    def connect(self, m):
        host, port = m.text.split("\n")[0].removeprefix("tcp://").rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.heard(self.session.up(ticket=m.ticket))

    def initiate(self, uri):
        self.facts[Topic.PEERKEY, "dpp.label/peer"] = uri.replace(";;", f";H:127.0.0.1:{PORT};;").encode()
        self.heard(self.session.start(Topic.PEERKEY, "peer"))

    def respond(self):
        """Listen; the URI that we show."""
        self.server = socket.create_server(("127.0.0.1", PORT))
        self.heard(self.session.start())
        return self.shown[0].decode()

    def accept(self):
        self.server.settimeout(10)
        self.socket, _ = self.server.accept()
        self.server.close()
        self.heard(self.session.up())

    def run(self, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (self.session.done and not self.socket):
            wait = min(end - time.monotonic(), max(0, self.session.deadline / 1000 - time.monotonic()), 0.05)
            ready = select.select([self.socket] if self.socket else [], [], [], max(wait, 0))[0]
            if ready:
                self.read()
            if self.session.deadline <= time.monotonic() * 1000:
                self.heard(self.session.tick())
            if self.session.done and not ready:
                break
            self.idle()
        return self.session.done

    def read(self):
        try:
            data = self.socket.recv(4096)
        except OSError:
            data = b""
        if data:
            return self.heard(self.session.rx(data))
        self.socket.close()
        self.socket = None
        self.heard(self.session.down())

    def how(self):
        d = self.session.done
        return f"{self.session.state()} {self.session.where}" if not d else f"DONE {d.code} status {int(d._topic)} {d.text} {d.data.decode(errors='replace')}"


# --- who does what to whom -----------------------------------------------------------------------


def who(we_begin):
    return "we begin" if we_begin else "they begin"


def begin(us, them, we_begin, curve, init, listen, mutual=""):
    """Carry a run; mutual: "known" each other's label beforehand, "asked" for it on the way."""
    own = us.key if mutual and we_begin else None
    if mutual == "known" and own:
        them.scan(label(curve, own))
    if we_begin:
        them.cmd(f"DPP_CONTROLLER_START tcp_port={PORT}{listen}{' qr=mutual' if mutual else ''}")
        us.initiate(them.uri(curve))
        if mutual == "asked":
            us.run(1)
            asked = them.wait("DPP-SCAN-PEER-QR-CODE")
            if not asked:
                return
            them.scan(label(curve, own))
        return us.run()
    if mutual:
        us.facts[Topic.CONFIG, "dpp.uri"] = cbor.encode({"mutual": True})
        us.readable = them.uri(curve).encode()
        init += " own=1"
    peer = them.scan(us.respond())
    them.cmd(f"DPP_AUTH_INIT peer={peer}{init} tcp_addr=127.0.0.1 tcp_port={PORT} neg_freq=2437")
    us.accept()
    us.run()


def enrol_us(title, folder, curve="P-256", we_begin=True, conf="conf=sta-dpp", want=None, mutual="", net_role="sta", csign=None):
    """We are the device; they configure us."""
    them, us = Wpa(folder), Ours("device", curve, net_role=net_role)
    try:
        them.cmd("DPP_CONFIGURATOR_ADD curve=" + HOSTAP[csign or curve])
        conf = f" {conf} ssid={hexed(SSID)} configurator=1"
        if we_begin:
            them.cmd("SET dpp_configurator_params " + conf)
        begin(us, them, we_begin, curve, conf, "", mutual)
        got = us.facts.cbor(Topic.NETWORK, "dpp.network")[0] if (Topic.NETWORK, "dpp.network") in us.facts else {}
        want = {"ssid": SSID.encode(), "akm": "dpp", **(want or {})}
        fine = us.session.done and us.session.done.code == Status.OK and all(got.get(k) == v for k, v in want.items())
        fine = fine and bool(them.wait("DPP-CONF-SENT")) and ("dpp" not in want["akm"] or us.facts[Topic.CHAIN, "dpp.connector"].count(b".") == 2)
        claim(title, fine, f"{us.how()}; {got}; {them.drain()}")
        if not fine:
            print(them.tail(), end="")
        return us
    finally:
        them.close()
        us.close()


def enrol_them(title, folder, curve="P-256", we_begin=True, entry=None, want=(), mutual="", csign=None, slow=0):
    """They are the device; we configure them."""
    them, us = Wpa(folder), Ours("owner", curve)
    us.slow = slow
    try:
        us.facts[Topic.CONFIG, "dpp.config"] = [cbor.encode({"ssid": SSID, "akm": "dpp", **(entry or {})})]
        us.facts[Topic.KEY, "dpp.csign"] = crypto.new_key(CURVES[csign or curve]).private
        begin(us, them, we_begin, curve, " role=enrollee", " role=enrollee", mutual)
        want = [f"DPP-CONFOBJ-SSID {SSID}", "DPP-CONF-RECEIVED", *(want or ["DPP-CONFOBJ-AKM dpp", "DPP-CONNECTOR"])]
        fine = us.session.done and us.session.done.code == Status.OK and all(them.wait(w) for w in want)
        fine = fine and us.claims and us.claims[0][Topic.ASSOC] == ("mutual" if mutual else "one-way")
        claim(title, fine, f"{us.how()}; {us.claims}; {them.drain()}")
        if not fine:
            print(them.tail(), end="")
    finally:
        them.close()
        us.close()


AKMS = {"psk": "psk", "sae": "sae", "psk+sae": "psk-sae", "dpp+sae": "sae-dpp", "dpp+psk+sae": "psk-sae-dpp"}  # ours: theirs


def credentials(folder):
    psk = bytes(range(32))
    for akm, conf in AKMS.items():
        enrol_us(f"they give us {akm}", folder, conf=f"conf=sta-{conf} pass={hexed(PASS)}", want={"akm": akm, "pass": PASS})
        enrol_them(f"we give them {akm}", folder, entry={"akm": akm, "pass": PASS}, want=(f"DPP-CONFOBJ-AKM {akm}", f"DPP-CONFOBJ-PASS {hexed(PASS)}"))
    enrol_us("they give us a key in place of a passphrase", folder, conf=f"conf=sta-psk psk={psk.hex()}", want={"akm": "psk", "psk": psk})
    enrol_them("we give them one", folder, entry={"akm": "psk", "psk": psk}, want=("DPP-CONFOBJ-AKM psk", f"DPP-CONFOBJ-PSK {psk.hex()}"))
    for we_begin in (True, False):
        enrol_us(f"they make us an access point, {who(we_begin)}", folder, we_begin=we_begin, conf="conf=ap-dpp", net_role="ap")


class Ca:
    """A certification authority, by the openssl command."""

    def __init__(self, folder):
        self.folder = folder
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "30")
        self.certificate = self.openssl("x509", "-in", "ca.pem", "-outform", "DER")

    def openssl(self, *args, data=None):
        return subprocess.run(["openssl", *args], cwd=self.folder, input=data, capture_output=True, check=True).stdout

    def issue(self, csr):
        """PKCS#7 with the certificate that the request asks for."""
        pem = self.openssl("x509", "-req", "-inform", "DER", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "7", "-days", "30", data=csr)
        return self.openssl("crl2pkcs7", "-nocrl", "-certfile", "/dev/stdin", "-outform", "DER", data=pem)

    def subject(self, bag):
        return self.openssl("pkcs7", "-inform", "DER", "-print_certs", "-noout", data=bag).decode()


def enterprise(folder):
    """802.1X: the device makes a key and asks for a certificate on the way."""
    ca = Ca(folder)
    for we_begin in (True, False):
        them, us = Wpa(folder), Ours("device")
        them.cmd("DPP_CONFIGURATOR_ADD")
        conf = f" conf=sta-dot1x ssid={hexed(SSID)} configurator=1 csrattrs=MAsGCSqGSIb3DQEJBw=="
        bag = []

        def idle(them=them, bag=bag):
            asked = re.search(r"DPP-CSR peer=(\d+) csr=(\S+)", " ".join(them.drain()))
            if asked and not bag:
                bag.append(ca.issue(base64.b64decode(asked[2])))
                for name, value in (("caCert", base64.b64encode(ca.certificate).decode()), ("trustedEapServerName", "radius.example"), ("certBag", base64.b64encode(bag[0]).decode())):
                    them.cmd(f"DPP_CA_SET peer={asked[1]} name={name} value={value}")

        us.idle = idle
        if we_begin:
            them.cmd("SET dpp_configurator_params " + conf)
        begin(us, them, we_begin, "P-256", conf, "")
        got = us.facts.cbor(Topic.NETWORK, "dpp.network")[0] if (Topic.NETWORK, "dpp.network") in us.facts else {}
        fine = got.get("akm") == "dot1x" and bag and got.get("chain") == bag[0] and got.get("server") == "radius.example" and bool(got.get("ca"))
        claim(f"they have our certificate made, {who(we_begin)}", fine and "lamp" in ca.subject(got["chain"]), f"{us.how()}; {got}; {them.drain()}")
        them.close()
        us.close()
        them, us = Wpa(folder), Ours("owner")
        us.issue = ca.issue
        us.facts[Topic.CONFIG, "dpp.config"] = [cbor.encode({"ssid": SSID, "akm": "dot1x", "ca": ca.certificate, "server": "radius.example"})]
        begin(us, them, we_begin, "P-256", " role=enrollee", " role=enrollee")
        fine = them.wait("DPP-CONF-RECEIVED") and them.wait("DPP-CONFOBJ-AKM dot1x") and them.wait("DPP-SERVER-NAME radius.example") and them.wait("DPP-CACERT") and them.wait("DPP-CERTBAG")
        claim(f"we have theirs made, {who(we_begin)}", bool(fine), f"{us.how()}; {them.drain()}")
        if not fine:
            print(them.tail(60), end="")
        them.close()
        us.close()


def everything_else(folder):
    enrol_them("a device waits while we think", folder, slow=3)
    enrol_us("their Connector may be signed on another curve", folder, csign="P-384")
    enrol_them("so may ours", folder, csign="BP-384")


def matrix(folder):
    for curve in CURVES:
        for we_begin in (True, False):
            how = f"{curve}, {who(we_begin)}"
            enrol_us(f"we are configured: {how}", folder, curve, we_begin)
            enrol_them(f"they are configured: {how}", folder, curve, we_begin)
            enrol_us(f"we are configured, mutually: {how}", folder, curve, we_begin, mutual="known")
            enrol_them(f"they are configured, mutually: {how}", folder, curve, we_begin, mutual="known")
    enrol_us("mutually, when a person has to read our label first", folder, mutual="asked")
    enrol_them("the same the other way round", folder, mutual="asked")


def refusals(folder):
    for we_begin in (True, False):
        them, us = Wpa(folder), Ours("device")
        begin(us, them, we_begin, "P-256", " role=enrollee", " role=enrollee")
        d = us.session.done
        claim(f"two devices: NOT_COMPATIBLE, {who(we_begin)}", d is not None and d.code < 0 and int(d._topic) == 1 or bool(them.wait("DPP-NOT-COMPATIBLE")), us.how())
        them.close()
        us.close()
        them, us = Wpa(folder), Ours("owner", yes=False)
        us.facts[Topic.CONFIG, "dpp.config"] = [cbor.encode({"ssid": SSID, "akm": "dpp"})]
        begin(us, them, we_begin, "P-256", " role=enrollee", " role=enrollee")
        d = us.session.done
        claim(f"a device that policy does not want gets nothing, {who(we_begin)}", d is not None and d.code == Status.EDENIED and bool(them.wait("DPP-FAIL Configurator rejected"))
              and not them.said("DPP-CONF-RECEIVED"), f"{us.how()} {them.drain()}")
        them.close()
        us.close()
    them, us = Wpa(folder), Ours("device")
    them.cmd("DPP_CONFIGURATOR_ADD")
    begin(us, them, True, "P-256", "", "")  # no dpp_configurator_params: it has nothing for us
    d = us.session.done
    claim("a configurator that has nothing for us", d is not None and d.code < 0 and not us.facts.commits, us.how())
    them.close()
    us.close()


def main():
    with tempfile.TemporaryDirectory() as folder:
        matrix(folder)
        credentials(folder)
        refusals(folder)
        enterprise(folder)
        everything_else(folder)
    print(f"1..{count}")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
