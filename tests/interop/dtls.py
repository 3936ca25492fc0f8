#!/usr/bin/env python3
"""dtls.py PEER MBEDTLS WOLF PION -- DTLS against peers that nobody here wrote, both
ways (TAP).  A peer that is not there is skipped with the reason: MBEDTLS is the
directory of ssl_client2 and ssl_server2, each may be "-"."""
import os, shutil, socket, subprocess, sys, tempfile, time

ours, mbed, wolf, pion = (os.path.abspath(a) if a != "-" else None for a in sys.argv[1:5])
work = tempfile.mkdtemp(prefix="imprint-dtls-")
os.chdir(work)
PSK = "0102030405060708090a0b0c0d0e0f10"
count = failed = 0


def claim(text, good, why=""):
    global count, failed
    count += 1
    failed += not good
    print(("ok" if good else "not ok"), count, "-", text, flush=True)
    if not good:
        print("".join("# %s\n" % line for line in why.splitlines()[-25:]), end="", flush=True)


def skip(text, why):
    global count
    count += 1
    print("ok", count, "-", text, "# SKIP", why, flush=True)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_keys():
    for n in "ca", "s", "c":
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", n + ".pem")
    run("openssl", "req", "-x509", "-new", "-key", "ca.pem", "-subj", "/CN=ca", "-days", "30", "-out", "ca.crt")
    for n in "s", "c":
        run("openssl", "req", "-new", "-key", n + ".pem", "-subj", "/CN=" + n, "-out", n + ".csr")
        with open(n + ".ext", "w") as f:
            f.write("subjectAltName=DNS:%s\n" % n)
        run("openssl", "x509", "-req", "-in", n + ".csr", "-CA", "ca.crt", "-CAkey", "ca.pem", "-CAcreateserial", "-extfile", n + ".ext", "-days", "30", "-out", n + ".crt")
        run("openssl", "x509", "-in", n + ".crt", "-outform", "DER", "-out", n + ".crt.der")
        run("openssl", "ec", "-in", n + ".pem", "-outform", "DER", "-out", n + ".der")
        run("openssl", "ec", "-in", n + ".pem", "-pubout", "-outform", "DER", "-out", n + ".pub.der")
        run("openssl", "ec", "-in", n + ".pem", "-pubout", "-out", n + ".pub.pem")
    run("openssl", "x509", "-in", "ca.crt", "-outform", "DER", "-out", "ca.crt.der")
    with open("psk.txt", "w") as f:
        f.write("dev:%s\n" % PSK)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return str(s.getsockname()[1])


def bound(port):
    """Has somebody bound this UDP port on loopback?"""
    for _ in range(100):
        with open("/proc/net/udp") as f, open("/proc/net/udp6") as g:
            if (":%04X " % int(port)) in f.read() + g.read():
                return
        time.sleep(0.03)


class Process:
    """A command whose standard input gets a line now and then, and whose output is kept."""

    def __init__(self, command, say=None):
        self.log = open("log-%d" % time.monotonic_ns(), "w+b")
        self.p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=self.log, stderr=subprocess.STDOUT)
        self.say = say

    def chat(self, until, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            time.sleep(0.1)
            try:
                if self.say and self.p.poll() is None:
                    self.p.stdin.write(self.say)
                    self.p.stdin.flush()
            except BrokenPipeError:
                pass
        return until()

    def text(self):
        with open(self.log.name, "rb") as f:
            return f.read().decode(errors="replace")

    def stop(self):
        if self.p.poll() is None:
            self.p.kill()
        self.p.wait()
        self.log.close()


CREDS = {
    "psk": ["psk=dev:" + PSK],
    "cert-c": ["cert=c.crt.der", "key=c.der", "anchor=ca.crt.der", "sni=s"],
    "cert-s": ["cert=s.crt.der", "key=s.der", "anchor=ca.crt.der"],
    "raw-c": ["raw=c.pub.der", "key=c.der", "peer=s.pub.der"],
    "raw-s": ["raw=s.pub.der", "key=s.der", "peer=c.pub.der"],
    "pw": ["password=J01NME"],
}


def own(kind, side):
    return CREDS.get(kind) or CREDS["%s-%s" % (kind, side)]


def our_client(name, suite, kind, server, say=None, extra=()):
    """`server`: a command, PORT in it stands for the port."""
    port = free_port()
    s = Process([a.replace("PORT", port) for a in server], say)
    bound(port)
    c = Process([ours, "client", "127.0.0.1:" + port, "suite=" + suite, *own(kind, "c"), *extra])
    s.chat(lambda: c.p.poll() is not None, 12)
    good = c.p.poll() == 0 and "up %s" % suite.lower() in c.text() and "rx " in c.text()
    claim("%s %s: our client, its server" % (name, suite), good, c.text() + s.text())
    c.stop()
    s.stop()


def our_server(name, suite, kind, client, say=None, heard=None, extra=(), mute=False):
    s = Process([ours, "server", "127.0.0.1:0", "suite=" + suite, *own(kind, "s"), *extra])
    s.chat(lambda: "port " in s.text(), 5)
    port = s.text().split()[1]
    c = Process([a.replace("PORT", port) for a in client], say)
    up = lambda: "up %s" % suite.lower() in s.text()
    there = lambda: up() and (mute or ("\nrx " in s.text() and (not heard or heard in c.text())))
    good = c.chat(there, 12)
    claim("%s %s: its client, our server" % (name, suite), good, s.text() + c.text())
    c.stop()
    return s


def both(name, suite, kind, server, client, server_says=None, client_says=None, heard=None, extra=()):
    our_client(name, suite, kind, server, server_says, extra)
    our_server(name, suite, kind, client, client_says, heard, extra).stop()


# --- OpenSSL --------------------------------------------------------------------

def openssl():
    version = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout.split()[1]
    name = "OpenSSL " + version
    suites = {
        "C0A8": ("PSK-AES128-CCM8", "psk"), "00AE": ("PSK-AES128-CBC-SHA256", "psk"), "C037": ("ECDHE-PSK-AES128-CBC-SHA256", "psk"),
        "C0AE": ("ECDHE-ECDSA-AES128-CCM8", "cert"), "C023": ("ECDHE-ECDSA-AES128-SHA256", "cert"),
    }
    for suite, (cipher, kind) in suites.items():
        server = ["openssl", "s_server", "-dtls1_2", "-4", "-port", "PORT", "-cipher", cipher]
        client = ["openssl", "s_client", "-dtls1_2", "-connect", "127.0.0.1:PORT", "-cipher", cipher]
        if kind == "psk":
            server += ["-nocert", "-psk", PSK, "-psk_identity", "dev"]
            client += ["-psk", PSK, "-psk_identity", "dev"]
        else:
            server += ["-cert", "s.crt", "-key", "s.pem", "-CAfile", "ca.crt", "-Verify", "2", "-verify_return_error"]
            client += ["-cert", "c.crt", "-key", "c.pem", "-CAfile", "ca.crt", "-verify_return_error"]
        both(name, suite, kind, server, client, b"tick\n", b"hello there\n", "hello there")
        if suite == "C0AE":
            both(name + ", datagrams of 300 bytes,", suite, kind, server + ["-mtu", "300"], client + ["-mtu", "300"], b"tick\n", b"hello there\n", "hello there")
            our_client(name + " with cookies", suite, kind, server + ["-listen"], b"tick\n")
    client = ["openssl", "s_client", "-dtls1_2", "-connect", "127.0.0.1:PORT", "-cipher", "PSK-AES128-CCM8", "-psk", PSK, "-psk_identity", "dev"]
    s = our_server(name, "C0A8", "psk", client, b"hello\n")
    port = s.text().split()[1]
    c = Process([a.replace("PORT", port) for a in client])
    s.chat(lambda: s.text().count("up c0a8") == 2, 5)
    c.p.stdin.write(b"R\n")
    c.p.stdin.flush()
    refused = c.chat(lambda: "no renegotiation" in c.text().lower() or c.p.poll() is not None, 5)
    claim("%s: renegotiation is refused" % name, refused and s.text().count("up c0a8") == 2 and s.p.poll() is None, c.text() + s.text())
    c.stop()
    s.stop()


# --- GnuTLS ---------------------------------------------------------------------

def gnutls():
    if not shutil.which("gnutls-serv"):
        skip("GnuTLS", "gnutls-bin is not installed")
        return
    version = subprocess.run(["gnutls-cli", "--version"], capture_output=True, text=True).stdout.split()[1]
    name = "GnuTLS " + version
    base = "NONE:+VERS-DTLS1.2:+COMP-NULL:+SIGN-ECDSA-SHA256:+GROUP-SECP256R1:+CURVE-SECP256R1"
    server = ["gnutls-serv", "--udp", "--port", "PORT", "--echo"]
    client = ["gnutls-cli", "--udp", "--port", "PORT", "127.0.0.1"]
    psk_s, psk_c = ["--pskpasswd", "psk.txt"], ["--pskusername", "dev", "--pskkey", PSK]
    x509_s = ["--x509certfile", "s.crt", "--x509keyfile", "s.pem", "--x509cafile", "ca.crt", "--require-client-cert", "--verify-client-cert"]
    x509_c = ["--x509certfile", "c.crt", "--x509keyfile", "c.pem", "--x509cafile", "ca.crt", "--verify-hostname", "s"]
    raw_s = ["--rawpkfile", "s.pub.pem", "--rawpkkeyfile", "s.pem", "--require-client-cert"]
    raw_c = ["--rawpkfile", "c.pub.pem", "--rawpkkeyfile", "c.pem", "--no-ca-verification"]
    rows = [
        ("C0A8", "psk", "+AES-128-CCM-8:+AEAD:+PSK", psk_s, psk_c),
        ("00AE", "psk", "+AES-128-CBC:+SHA256:+PSK:%NO_ETM", psk_s, psk_c),
        ("C037", "psk", "+AES-128-CBC:+SHA256:+ECDHE-PSK:%NO_ETM", psk_s, psk_c),
        ("C0AE", "cert", "+AES-128-CCM-8:+AEAD:+ECDHE-ECDSA:+CTYPE-X509", x509_s, x509_c),
        ("C023", "cert", "+AES-128-CBC:+SHA256:+ECDHE-ECDSA:+CTYPE-X509:%NO_ETM", x509_s, x509_c),
        ("C0AE", "raw", "+AES-128-CCM-8:+AEAD:+ECDHE-ECDSA:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK", raw_s, raw_c),
    ]
    for suite, kind, words, s, c in rows:
        label = name + (" raw keys" if kind == "raw" else "")
        priority = ["--priority", base + ":" + words]
        our_client(label, suite, kind, server + s + priority)
        # after its C037 handshake gnutls-cli 3.7 crashes before it sends anything
        our_server(label, suite, kind, client + c + priority, b"hello there\n", "hello there", mute=suite == "C037").stop()


# --- mbedTLS --------------------------------------------------------------------

def mbedtls():
    if not mbed:
        skip("mbedTLS", "Debian's source package was not to be had or did not build")
        return
    rows = [
        ("C0A8", "psk", "TLS-PSK-WITH-AES-128-CCM-8", ()), ("00AE", "psk", "TLS-PSK-WITH-AES-128-CBC-SHA256", ()),
        ("C037", "psk", "TLS-ECDHE-PSK-WITH-AES-128-CBC-SHA256", ()), ("C0AE", "cert", "TLS-ECDHE-ECDSA-WITH-AES-128-CCM-8", ()),
        ("C023", "cert", "TLS-ECDHE-ECDSA-WITH-AES-128-CBC-SHA256", ()), ("C0FF", "pw", "TLS-ECJPAKE-WITH-AES-128-CCM-8", ()),
        ("C0A8", "psk", "TLS-PSK-WITH-AES-128-CCM-8", ("cid",)), ("C037", "psk", "TLS-ECDHE-PSK-WITH-AES-128-CBC-SHA256", ("cid",)),
        ("C0FF", "pw", "TLS-ECJPAKE-WITH-AES-128-CCM-8", ("mtu",)),
    ]
    for suite, kind, cipher, more in rows:
        common = ["dtls=1", "server_addr=127.0.0.1", "server_port=PORT", "force_ciphersuite=" + cipher, "etm=0"]
        server, client = list(common), list(common)
        if kind == "psk":
            common = ["psk=" + PSK, "psk_identity=dev"]
            server, client = server + common, client + common
        elif kind == "pw":
            server, client = server + ["ecjpake_pw=J01NME"], client + ["ecjpake_pw=J01NME"]
        else:
            server += ["crt_file=s.crt", "key_file=s.pem", "ca_file=ca.crt", "auth_mode=required"]
            client += ["crt_file=c.crt", "key_file=c.pem", "ca_file=ca.crt", "auth_mode=required", "server_name=s"]
        if "cid" in more:
            server, client = server + ["cid=1", "cid_val=dead"], client + ["cid=1", "cid_val=beef0102"]
        if "mtu" in more:
            server, client = server + ["mtu=256"], client + ["mtu=256"]
        label = "mbedTLS" + (" with connection ids" if "cid" in more else " with datagrams of 256 bytes" if "mtu" in more else "")
        both(label, suite, kind, [mbed + "/ssl_server2"] + server, [mbed + "/ssl_client2"] + client, None, None, "bytes read", ("cid",) if "cid" in more else ())


# --- wolfSSL ----------------------------------------------------------------------

def wolfssl():
    if not wolf:
        skip("wolfSSL", "libwolfssl-dev is not installed")
        return
    rows = [
        ("C0AE", "cert", "ECDHE-ECDSA-AES128-CCM-8"), ("C023", "cert", "ECDHE-ECDSA-AES128-SHA256"),
        ("C037", "psk", "ECDHE-PSK-AES128-CBC-SHA256"),
    ]
    for suite, kind, cipher in rows:
        arg = ["psk", PSK] if kind == "psk" else ["cert", "ca.crt"]
        s = [wolf, "server", "PORT", cipher] + arg + ([] if kind == "psk" else ["s.crt", "s.pem"])
        c = [wolf, "client", "PORT", cipher] + arg + ([] if kind == "psk" else ["c.crt", "c.pem"])
        both("wolfSSL", suite, kind, s, c, None, None, "heard hello")
    skip("wolfSSL C0A8 and 00AE", "Debian's build has no PSK-AES128-CCM-8 and no PSK-AES128-CBC-SHA256")


# --- pion ---------------------------------------------------------------------------

def pion_dtls():
    if not pion:
        skip("pion", "no Go 1.26, or the module proxy gave nothing")
        return
    for suite, kind, more in ("C0A8", "psk", []), ("C037", "psk", []), ("C0AE", "cert", []), ("C0A8", "psk", ["cid"]), ("C0AE", "cert", ["cid"]):
        arg = ["psk", PSK] if kind == "psk" else ["cert", "ca.crt"]
        s = [pion, "server", "PORT", suite] + arg + ([] if kind == "psk" else ["s.crt", "s.pem"]) + more
        c = [pion, "client", "PORT", suite] + arg + ([] if kind == "psk" else ["c.crt", "c.pem"]) + more
        both("pion" + (" with connection ids" if more else ""), suite, kind, s, c, None, None, "heard hello", ("cid",) if more else ())


# --- libcoap: CoAP on top -------------------------------------------------------------

def libcoap():
    text = "0123456789abcdef"
    for library in "openssl", "gnutls":
        server, client = shutil.which("coap-server-" + library), shutil.which("coap-client-" + library)
        if not server or not client:
            skip("libcoap with " + library, "libcoap3-bin is not installed")
            continue
        CREDS["coap"] = ["psk=dev:" + text.encode().hex(), "coap"]
        port = int(free_port()) & ~1  # it takes two: the second is for coaps
        name = "CoAP, libcoap with " + library
        s = Process([server, "-A", "127.0.0.1", "-p", str(port), "-k", text, "-h", "hint"])
        bound(port + 1)
        c = Process([ours, "client", "127.0.0.1:%d" % (port + 1), "suite=C0A8", *CREDS["coap"]])
        s.chat(lambda: c.p.poll() is not None, 12)
        claim(name + " C0A8: our client, its server", c.p.poll() == 0 and "rx 205 " in c.text(), c.text() + s.text())
        c.stop()
        s.stop()
        our_server(name, "C0A8", "coap", [client, "-u", "dev", "-k", text, "coaps://127.0.0.1:PORT/x"], None, "hello").stop()


make_keys()
try:
    libcoap()
    openssl()
    gnutls()
    mbedtls()
    wolfssl()
    pion_dtls()
finally:
    print("1..%d" % count)
    shutil.rmtree(work)
sys.exit(failed != 0)
