"""sizes.py -- how large the Cortex-M4 objects are and how deep their stack is:
claims as TAP, and rows of tests/bench/bench.py into OUT/numbers.json.

usage: sizes.py OUT"""
import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(__file__)
CROSS = "arm-none-eabi-"
OUT = sys.argv[1]
rows = []


def run(*args):
    return subprocess.run(args, check=True, capture_output=True, text=True).stdout


COMPILER = "arm-none-eabi-gcc " + run(CROSS + "gcc", "-dumpfullversion").strip()


def claim(text, holds, why=""):
    print("ok -" if holds else "not ok -", text)
    for line in why.splitlines() if not holds else []:
        print("#", line)


def row(id_, what, value, limit, why="", good=True):
    """One number of the table, and the claim that it is small enough."""
    r = {"id": id_, "what": what, "value": value, "unit": "B", "exact": COMPILER}
    if limit is None:
        rows.append(r)
        print(f"# {what}: {value} B")
        return
    rows.append(dict(r, max=limit))
    claim(f"{what}: {value} B, at most {limit}", value <= limit and good, why)


def sections(paths):
    """{section: bytes} over these objects"""
    total = {}
    for line in run(CROSS + "size", "-A", *paths).splitlines():
        m = re.match(r"(\.(?:text|rodata|data|bss)\S*)\s+(\d+)", line)
        if m:
            kind = m.group(1).split(".")[1]
            total[kind] = total.get(kind, 0) + int(m.group(2))
    return total


def code(names):
    s = sections([f"{OUT}/m4/{n}.o" for n in names])
    return s.get("text", 0) + s.get("rodata", 0)


def kept(root):
    """{object: bytes of code} that the linker kept of this alone"""
    total, section, on = {}, "", False
    for line in open(f"{OUT}/{root}.map"):
        on = on or line.startswith("Linker script and memory map")
        m = re.match(r"^ (\.[\w.$]+|\*fill\*|COMMON)", line)
        section = m.group(1) if m else section
        m = re.match(r"^ (?:\.\S+)?\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S+\.o|\S+\.a\(.*\))$", line)
        if on and m and re.match(r"\.(text|rodata)", section):
            name = os.path.basename(m.group(2))
            total[name] = total.get(name, 0) + int(m.group(1), 16)
    return total


def ours():
    return [o for o in glob.glob(f"{OUT}/m4/*.o") if not os.path.basename(o).startswith(("build-", "tests_"))]


def stack(root):
    r = subprocess.run([sys.executable, f"{HERE}/stack.py", f"{HERE}/indirect.txt", root] + sorted(glob.glob(f"{OUT}/m4/*.ci")),
                       capture_output=True, text=True)
    return int(r.stdout.split()[0]), r


def number(name):
    """What the image said of itself; far too much if it did not"""
    m = re.search(rf"^# number {name} (\d+)$", open(f"{OUT}/image.out").read(), re.M)
    return int(m.group(1)) if m else 1 << 20


def main():
    row("feed", "feed loop + slab, code, Cortex-M4 -Os", code(["core_session"]) + code(["core_slab"]), 7000)
    k = kept("root_device")
    fdo = {n: b for n, b in k.items() if n.startswith("plugins_protocol_fdo_")}
    row("device", "FDO device, code, without crypto, formats and feed loop", sum(fdo.values()), 20000, str(fdo))
    row("formats", "CBOR, COSE, X.509 and cursors that the device keeps, code", sum(b for n, b in k.items() if n.startswith("core_")), None)
    for name, what, limit in ("psk", "a pre-shared key", 16000), ("jpake", "EC-JPAKE", 22000):
        dtls = {n: b for n, b in kept(f"imp_dtls_{name}_client").items() if n.startswith("plugins_transport_dtls")}
        row(f"dtls-{name}", f"DTLS client with {what}, code, without crypto, cursors and feed loop", sum(dtls.values()), limit, str(dtls))
    k = kept("imp_dpp_enrollee")
    dpp = {n: b for n, b in k.items() if n.startswith("plugins_protocol_dpp_")}
    row("dpp", "DPP enrollee, code, without crypto, formats and feed loop", sum(dpp.values()), 24000, str(dpp))
    row("dpp-formats", "JSON, JOSE, CBOR, X.509, KDFs and cursors that it keeps, code", sum(b for n, b in k.items() if n.startswith("core_")), None)
    mesh = {n: b for n, b in kept("imp_btmesh_device").items() if n.startswith("plugins_protocol_btmesh_")}
    row("btmesh", "Bluetooth Mesh device, code, without crypto, formats and feed loop", sum(mesh.values()), 10000, str(mesh))
    row("pbadv", "PB-ADV below it, code", code(["plugins_transport_pbadv"]), None)
    lwm2m = {n: b for n, b in kept("root_lwm2m").items() if n.startswith("plugins_protocol_lwm2m_")}
    row("lwm2m", "LwM2M client in bootstrap, five formats, code, without crypto, CBOR, JSON and feed loop", sum(lwm2m.values()), 15000, str(lwm2m))
    s = sections(ours())
    row("data", f"writable globals (.data + .bss) of core, protocols, transports, BearSSL's provider", s.get("data", 0) + s.get("bss", 0), 0)
    depth, r = stack("imp_session_feed")
    row("stack", "worst-case stack of a feed above the crypto's", depth, 4096, r.stderr + r.stdout, not r.returncode)
    row("session", "FDO device over HTTP, session without its message buffer", number("session"), 4096)
    row("dpp-session", "DPP enrollee, session, any curve", number("dpp"), 3072)
    row("btmesh-session", "Bluetooth Mesh device over PB-ADV, session with messages of 80 B", number("btmesh"), 1536)
    row("lwm2m-session", "LwM2M client over CoAP and DTLS with a pre-shared key, session, messages of 512 B", number("lwm2m"), None)
    json.dump(rows, open(f"{OUT}/numbers.json", "w"), indent=1)


main()
