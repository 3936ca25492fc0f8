"""coap.py PEER PYTHON -- our CoAP layer (PEER, see coap/peer.c) against libcoap
and, if PYTHON has it, aiocoap; both ways.  TAP."""
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

PEER, PYTHON = sys.argv[1], sys.argv[2]
AIO = pathlib.Path(__file__).parent / "coap" / "aio.py"
BODY = bytes(i * 7 % 251 for i in range(5000))
TIMEOUT = 30
count = failures = 0


def claim(name, test):
    global count, failures
    count += 1
    try:
        detail, holds = test() or "", True
    except Exception as e:  # whatever went wrong is this claim's failure
        detail, holds = f"{type(e).__name__}: {e}".replace("\n", " | "), False
    failures += not holds
    print(f"{'ok' if holds else 'not ok'} {count} - {name}{': ' if detail else ''}{detail}", flush=True)


def run(*words):
    return subprocess.run([str(w) for w in words], capture_output=True, timeout=TIMEOUT)


def ours(method, uri, path, file=None):
    """Our client's code and body."""
    p = run(PEER, method, uri, path, *([file] if file else []))
    code, _, body = p.stdout.partition(b"\n")
    return int(code), body


def expect(got, want):
    if got != want:
        raise AssertionError(f"{str(got)[:120]} instead of {str(want)[:120]}")


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def process(*words, says=None):
    p = subprocess.Popen([str(w) for w in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE if says else subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
    try:
        yield p.stdout.readline().strip() if says else None
    finally:
        p.kill()
        p.wait()


def until_up(uri):
    for _ in range(40):
        if ours("get", uri, "/.well-known/core")[0] > 0:
            return
    raise AssertionError("the peer does not answer")


def our_client(uri, file):
    claim(f"{uri[0]}: our client gets what is there", lambda: expect(ours("get", uri[1], "/nothing")[0], 404))
    claim(f"{uri[0]}: our client puts 5000 bytes in blocks", lambda: expect(ours("put", uri[1], uri[2], file)[0] // 100, 2))
    claim(f"{uri[0]}: and gets them back in blocks", lambda: expect(ours("get", uri[1], uri[2]), (205, BODY)))
    claim(f"{uri[0]}: and deletes them", lambda: expect(ours("delete", uri[1], uri[2])[0], 202))


def libcoap(d):
    server, client = shutil.which("coap-server-notls"), shutil.which("coap-client-notls")
    if not server or not client:
        print("ok - libcoap # SKIP Debian's libcoap3-bin is not installed")
        return
    file, out = d / "body", d / "out"
    file.write_bytes(BODY)
    port = free_port()
    with process(server, "-A", "127.0.0.1", "-p", port, "-d", "10"):
        uri = f"coap://127.0.0.1:{port}"
        until_up(uri)
        our_client(("libcoap's server", uri, "/mine"), file)
        claim("libcoap's server: a response of its own, later", lambda: expect(ours("get", uri, "/async?2")[0], 205))
    with process(PEER, "serve", "127.0.0.1:0", says=True) as bound:
        uri = "coap://" + bound

        def theirs(want, *words):
            out.unlink(missing_ok=True)
            p = run(client, "-o", out, *words)
            expect(out.read_bytes() if out.exists() else p.stderr[-200:], want)

        claim("libcoap's client gets from ours", lambda: theirs(b"hello", "-m", "get", uri + "/hello"))
        claim("libcoap's client hears 4.04", lambda: expect(b"4.04" in (lambda p: p.stderr + p.stdout)(run(client, "-m", "get", uri + "/nothing")), True))
        for size in (1024, 256, 16):
            def both(size=size):
                run(client, "-b", size, "-m", "delete", uri + "/store")
                run(client, "-b", size, "-m", "put", "-f", file, uri + "/store")
                theirs(BODY, "-b", size, "-m", "get", uri + "/store")
            claim(f"libcoap's client: 5000 bytes up and down in blocks of {size}", both)
        claim("libcoap's client hears a late answer", lambda: theirs(b"at last", "-m", "get", uri + "/slow"))
        claim("libcoap's client as NON", lambda: theirs(b"hello", "-N", "-m", "get", uri + "/hello"))

        def lossy():
            run(client, "-m", "delete", uri + "/store")
            run(client, "-l", "20%", "-b", "1024", "-B", "90", "-m", "put", "-f", file, uri + "/store")
            theirs(BODY, "-m", "get", uri + "/store")
        claim("libcoap's client loses every fifth datagram", lossy)


def aiocoap(d):
    if subprocess.run([PYTHON, "-c", "import aiocoap"], capture_output=True).returncode if os.path.exists(PYTHON) else True:
        print("ok - aiocoap # SKIP aiocoap 0.4.17 could not be installed from PyPI")
        return
    file = d / "body"
    file.write_bytes(BODY)
    port = free_port()
    with process(PYTHON, AIO, "serve", port, says=True):
        uri = f"coap://127.0.0.1:{port}"
        our_client(("aiocoap's server", uri, "/store"), file)
        claim("aiocoap's server: a response of its own, later", lambda: expect(ours("get", uri, "/slow"), (205, b"at last")))
    with process(PEER, "serve", "127.0.0.1:0", says=True) as bound:
        uri = "coap://" + bound
        claim("aiocoap's client gets from ours", lambda: expect(run(PYTHON, AIO, "get", uri + "/hello").stdout, b"2.05\nhello"))
        claim("aiocoap's client puts 5000 bytes", lambda: expect(run(PYTHON, AIO, "put", uri + "/store", file).stdout, b"2.04\n"))
        claim("aiocoap's client gets them back", lambda: expect(run(PYTHON, AIO, "get", uri + "/store").stdout, b"2.05\n" + BODY))
        claim("aiocoap's client hears a late answer", lambda: expect(run(PYTHON, AIO, "get", uri + "/slow").stdout, b"2.05\nat last"))


with tempfile.TemporaryDirectory(prefix="imprint-coap-") as directory:
    libcoap(pathlib.Path(directory))
    aiocoap(pathlib.Path(directory))
sys.exit(failures != 0)
