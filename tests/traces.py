"""traces.py -- what crossed the wire: written by --pcap, read by inspect, also
when others wrote it, cut it, shuffled it or meant harm (TAP).

usage: traces.py IMPRINT"""
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

IMPRINT = os.path.abspath(sys.argv[1])
count = failures = 0
tmp = tempfile.TemporaryDirectory(prefix="imprint-traces-")
os.chdir(tmp.name)
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


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


def run(*args, timeout=60):
    p = subprocess.run([IMPRINT, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)
    return p.returncode, p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")


def write(name, data):
    with open(name, "wb") as f:
        f.write(data)
    return name


# --- packets ------------------------------------------------------------------


def read_pcap(path):
    """(seconds, frame) of a classic pcap of ours."""
    data = open(path, "rb").read()
    assert data[:4] == b"\xd4\xc3\xb2\xa1" and struct.unpack("<I", data[20:24]) == (1,)
    at, out = 24, []
    while at < len(data):
        s, us, n, whole = struct.unpack("<IIII", data[at : at + 16])
        assert n == whole
        out.append((s + us / 1e6, data[at + 16 : at + 16 + n]))
        at += 16 + n
    return out


def pcap(frames, link=1, order="<", nano=False, snap=1 << 18):
    out = struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, snap, link)
    for t, f in frames:
        out += struct.pack(order + "IIII", int(t), int(t % 1 * (1e9 if nano else 1e6)), min(len(f), snap), len(f)) + f[:snap]
    return out


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    n = 12 + len(body)
    return struct.pack(order + "II", kind, n) + body + struct.pack(order + "I", n)


def pcapng(frames, order="<", link=1, simple=False, resolution=None):
    out = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    options = struct.pack(order + "HHB3x", 9, 1, resolution) + struct.pack(order + "HH", 0, 0) if resolution is not None else b""
    out += block(order, 4, b"\0\0\0\0") + block(order, 1, struct.pack(order + "HHI", link, 0, 0) + options)
    unit = 10 ** (6 if resolution is None else resolution) if (resolution or 0) < 128 else 2 ** (resolution & 127)
    for t, f in frames:
        ticks = int(t * unit)
        if simple:
            out += block(order, 3, struct.pack(order + "I", len(f)) + f)
        else:
            out += block(order, 6, struct.pack(order + "IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(f), len(f)) + f)
    return out


def ipv4(payload, protocol=6, total=None, head=b"\x45\0", fragment=0x4000, src=b"\x7f\0\0\1"):
    return head + struct.pack(">HHHBBH", total if total is not None else 20 + len(payload), 1, fragment, 64, protocol, 0) + src + b"\x7f\0\0\1" + payload


def ethernet(packet, kind=b"\x08\0"):
    return b"\0" * 12 + kind + packet


def tcp(data, seq=1, sport=40000, dport=80, flags=PSH | ACK, offset=0x50):
    return struct.pack(">HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, 1, offset, flags, 65535, 0, 0) + data


def http(data, **how):
    """One segment of one connection as a capture."""
    return pcap([(1.0, ethernet(ipv4(tcp(data, **how))))])


def post(n, body, extra=b""):
    return b"POST /fdo/101/msg/%d HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n" % (n, extra, len(body)) + body


def split(frame):
    """src, dst, sport, dport, seq, flags, payload of one of our frames."""
    p = frame[14:]
    sport, dport, seq, _, _, flags = struct.unpack(">HHIIBB", p[20:34])
    return p[12:16], p[16:20], sport, dport, seq, flags, p[40:]


def inspect(name, data):
    rc, out, err = run("inspect", write(name, data), "--json")
    return rc, json.loads(out) if out else None, err


def story(d):
    return [(m["from"], m["to"], m["label"], m["fields"]) for m in d["messages"]]


# --- written here ---------------------------------------------------------------


def claims_of_demo():
    rc, out, err = run("demo", "--json", "--pcap", "demo.pcap")
    told = json.loads(out)
    rc, out, err = run("inspect", "demo.pcap", "--json")
    d = json.loads(out)
    seen = [(m["from"], m["to"], m["label"], m["size"]) for m in d["messages"]]
    said = [(m["from"], m["to"], m["label"], m["size"]) for m in told["messages"]]
    check("demo --pcap: inspect finds the messages that the demo told of, from and to whom, in their order", rc == 0 and len(said) >= 30 and seen == said, f"{len(seen)} of {len(said)} {err}")
    check("nothing is left over", d["problems"] == [], d["problems"])
    guid = {f["value"] for m in d["messages"] for f in m["fields"] if f["name"] == "guid"}
    check("every message with a GUID has the same", len(guid) == 1 and re.fullmatch("[0-9a-f]{32}", guid.pop()))
    fields = {m["label"]: [f["name"] for f in m["fields"]] for m in d["messages"]}
    check("fields of messages in the clear", "serial" in fields["10 DI.AppStart"] and "key exchange" in fields["60 TO2.HelloDevice"] and "next owner" in fields["63 TO2.OVNextEntry"])
    check("what is encrypted is said to be", all(fields[k] == ["encrypted"] for k in fields if 65 <= int(k.split()[0]) <= 71))
    rc, out, err = run("inspect", "demo.pcap")
    check("as a ladder", rc == 0 and "device" in out.splitlines()[0] and out.count("\u25b6") == out.count("\u25c0") == 15 and "30 messages" in out, out[-60:])
    return read_pcap("demo.pcap"), story(d)


def ones(data):
    data += b"\0" * (len(data) % 2)
    n = sum(struct.unpack(f">{len(data) // 2}H", data))
    while n > 0xFFFF:
        n = (n & 0xFFFF) + (n >> 16)
    return n


def claims_of_segments(frames):
    wrong, next_seq = [], {}
    for _, f in frames:
        p = f[14:]
        src, dst, sport, dport, seq, flags, payload = split(f)
        if ones(p[:20]) != 0xFFFF or ones(src + dst + struct.pack(">HH", 6, len(p) - 20) + p[20:]) != 0xFFFF:
            wrong.append("checksum")
        if flags & SYN == 0 and next_seq.get((sport, dport), seq) != seq or struct.unpack(">H", p[2:4])[0] != len(p):
            wrong.append("sequence or length")
        if flags & ACK and struct.unpack(">I", p[28:32])[0] != next_seq.get((dport, sport)):
            wrong.append("acknowledgement")
        next_seq[(sport, dport)] = seq + len(payload) + bool(flags & (SYN | FIN))
    check("every segment: checksums of IP and TCP, lengths, sequence and acknowledgement are right", not wrong and len(frames) > 40, wrong)


def claims_of_players():
    open("yes.lua", "w").write("return { authorize = function(q) return true end }")
    run("make", "key", "maker.pem")
    for host in ("127.0.0.1", "[::1]"):
        s = subprocess.Popen([IMPRINT, "serve", "fdo", "--role", "maker", "--listen", host + ":0", "--key", "maker.pem", "--rv", "http://rv.example", "--policy", "yes.lua", "--events", "--attached", "--pcap", "maker.pcap"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        first = json.loads(s.stdout.readline() or b"{}")
        while first and first["event"] != "ready":
            first = json.loads(s.stdout.readline() or b"{}")
        if not first:
            s.wait(10)
            skip(f"--pcap over {host}", "this machine cannot listen there: " + s.stderr.read().decode().strip())
            continue
        rc = run("device", "fdo", "--store", f"d{len(host)}.db", "--di", first["url"], "--pcap", "device.pcap")[0]
        s.communicate(timeout=20)
        sides = [inspect("x", open(f"{who}.pcap", "rb").read()) for who in ("maker", "device")]
        labels = [[m["label"] for m in d["messages"]] if d else err for _, d, err in sides]
        check(f"serve --pcap and device --pcap over {host} saw the same", rc == 0 and labels[0] == labels[1] == ["10 DI.AppStart", "11 DI.SetCredentials", "12 DI.SetHMAC", "13 DI.Done"]
              and story(sides[0][1]) == story(sides[1][1]) and host in sides[0][1]["messages"][0]["to_address"], labels)
    check("a capture that cannot be written is said at once", run("device", "fdo", "--store", "d9.db", "--pcap", "no/x.pcap")[0] == 1 and "no/x.pcap" in run("demo", "--pcap", "no/x.pcap")[2])


# --- read from others -------------------------------------------------------------


def relink(frames, how):
    return [(t, how(f[14:])) for t, f in frames]


def claims_of_formats(frames, told):
    sll = b"\0\0\3\4\0\6" + b"\0" * 8 + b"\x08\0"
    sll2 = b"\x08\0\0\0" + struct.pack(">IHBB", 1, 772, 0, 6) + b"\0" * 8
    vlan = b"\0" * 12 + b"\x88\xa8\0\5\x81\0\0\7\x08\0"
    ways = [  # who writes so, the file
        ("tcpdump on a big-endian machine", pcap(frames, order=">")),
        ("nanoseconds", pcap(frames, nano=True)),
        ("pcapng, as tshark writes it", pcapng(frames)),
        ("pcapng, big-endian", pcapng(frames, order=">")),
        ("pcapng, nanoseconds", pcapng(frames, resolution=9)),
        ("pcapng, 2^-20 s", pcapng(frames, resolution=128 | 20)),
        ("pcapng, two sections of other byte orders", pcapng(frames[:20]) + pcapng(frames[20:], order=">")),
        ("tcpdump -i any", pcap(relink(frames, lambda p: sll + p), link=113)),
        ("tcpdump -i any, newer", pcap(relink(frames, lambda p: sll2 + p), link=276)),
        ("a BSD's loopback", pcap(relink(frames, lambda p: b"\0\0\0\2" + p), link=108)),
        ("the same, as the machine has it", pcap(relink(frames, lambda p: b"\2\0\0\0" + p), link=0)),
        ("raw IP", pcap(relink(frames, lambda p: p), link=101)),
        ("two VLAN tags", pcap(relink(frames, lambda p: vlan + p))),
        ("padding of small frames", pcap([(t, f + b"\0" * max(0, 60 - len(f))) for t, f in frames])),
        ("segmentation left to the card: no length in IP", pcap([(t, f[:16] + b"\0\0" + f[18:]) for t, f in frames])),
    ]
    for who, data in ways:
        rc, d, err = inspect("way", data)
        check(f"read: {who}", rc == 0 and d and story(d) == told, err)
    rc, d, err = inspect("way", pcapng(frames, simple=True))
    check("read: simple packets, which have no time", rc == 0 and sorted(m["label"] for m in d["messages"]) == sorted(t[2] for t in told), err)


def again(frame, payload, at):
    """The same frame with a part of its payload."""
    n = len(payload)
    ip = bytearray(frame[14:34])
    ip[2:4] = struct.pack(">H", 40 + n)
    t = bytearray(frame[34:54])
    t[4:8] = struct.pack(">I", (struct.unpack(">I", bytes(t[4:8]))[0] + at) & 0xFFFFFFFF)
    return frame[:14] + bytes(ip) + bytes(t) + payload


def claims_of_order(frames, told):
    rnd = random.Random(7)
    pieces = []
    for t, f in frames:
        data = split(f)[6]
        parts = [(t, again(f, data[i : i + 61], i)) for i in range(0, len(data), 61)] or [(t, f)]
        pieces.append(parts)
    def shuffled(parts, extra):
        parts = parts + [rnd.choice(parts) for _ in range(extra)]
        rnd.shuffle(parts)
        return parts
    rc, d, err = inspect("order", pcap([p for parts in pieces for p in shuffled(parts, 0)]))
    check("TCP segments of a message in any order", rc == 0 and story(d) == told, err)
    rc, d, err = inspect("order", pcap([p for parts in pieces for p in shuffled(parts, 3)]))
    check("... and some twice", rc == 0 and story(d) == told, err)
    overlapping = [(t, again(f, split(f)[6][max(0, i - 40) : i + 61], max(0, i - 40))) for t, f in frames for i in range(0, len(split(f)[6]) or 1, 61)]
    rc, d, err = inspect("order", pcap(overlapping))
    check("... and overlapping", rc == 0 and story(d) == told, err)
    wrapped = []
    for t, f in frames:
        seq, ack = struct.unpack(">II", f[38:46])
        wrapped.append((t, f[:38] + struct.pack(">II", seq + 0xFFFFFC00 & 0xFFFFFFFF, ack + 0xFFFFFC00 & 0xFFFFFFFF) + f[46:]))
    rc, d, err = inspect("order", pcap(wrapped))
    check("sequence numbers that wrap around", rc == 0 and story(d) == told, err)
    rc, d, err = inspect("order", pcap([(t, f) for t, f in frames if not split(f)[5] & (SYN | FIN)]))
    check("connections whose beginning was not seen", rc == 0 and story(d) == told, err)
    rc, d, err = inspect("order", pcap(frames + [(t + 60, f) for t, f in frames[:0]] + [(t + 60, again(f, split(f)[6], 77777)) for t, f in frames]))
    check("the same ports used again", rc == 0 and story(d) == told + told, err)


def claims_of_loss(frames, told):
    rc, d, err = inspect("loss", pcap(frames, snap=200))
    cut = [m for m in d["messages"] if any("cut short" in f["value"] for f in m["fields"])]
    check("packets cut to 200 bytes: messages are named, their bodies said to be cut", rc == 0 and len(cut) >= 5 and len(d["messages"]) >= 25 and any("gaps" in p for p in d["problems"]), d["problems"])
    lost = [(t, f) for i, (t, f) in enumerate(frames) if not (split(f)[6] and i % 5 == 0)]
    rc, d, err = inspect("loss", pcap(lost))
    labels = [t[2] for t in told]
    left = [m["label"] for m in d["messages"]]
    it = iter(labels)
    check("every fifth packet lost: what is left is named right, in order", rc == 0 and 15 <= len(left) < len(labels) and all(x in it for x in left) and any("gaps" in p for p in d["problems"]), f"{len(left)} of {len(labels)} {d['problems']}")
    whole = pcap(frames)
    bad = ""
    for n in range(24, len(whole), 211):
        rc, d, err = inspect("loss", whole[:n])
        if rc != 0 or story(d)[:-1] != told[: max(0, len(d["messages"]) - 1)]:
            bad = f"at {n}: exit {rc} {err}"
    check("a file cut anywhere: what is there is shown", not bad, bad)
    whole = pcapng(frames)
    bad = ""
    for n in range(28, len(whole), 211):
        rc, d, err = inspect("loss", whole[:n])
        if rc != 0 or story(d)[:-1] != told[: max(0, len(d["messages"]) - 1)]:
            bad = f"at {n}: exit {rc} {err}"
    check("a pcapng cut anywhere too", not bad, bad)


# --- meant to harm -----------------------------------------------------------------

GOOD = http(post(30, bytes.fromhex("8250" + "00" * 16 + "822640")))
HOSTILE = [  # file, what must be said of it, why
    (pcap([])[:12], "24 bytes of a pcap header", "a header that is cut"),
    (pcap([]) + struct.pack("<IIII", 1, 1, 0xFFFFFFFF, 60), "4294967295 bytes is not plausible", "a packet of 4 GiB"),
    (pcap([]) + struct.pack("<IIII", 1, 1, 0x7FFFFFFF, 60) + b"x" * 99, "not plausible", "a packet of 2 GiB"),
    (pcapng([])[:8], "cut", "a pcapng of eight bytes"),
    (b"\n\r\r\n\x1c\0\0\0abcd" + b"\0" * 16, "byte order is unknown", "no byte order"),
    (pcapng([]) + struct.pack("<II", 6, 0), "cut", "a block of which eight bytes are there"),
    (pcapng([]) + struct.pack("<III", 6, 0, 0), "0 bytes is not plausible", "a block of no length: must not be read for ever"),
    (pcapng([]) + struct.pack("<III", 6, 8, 8), "8 bytes is not plausible", "a block smaller than its own head"),
    (pcapng([]) + struct.pack("<III", 6, 13, 13) + b"\0" * 9, "13 bytes is not plausible", "a block of an odd length"),
    (pcapng([]) + struct.pack("<III", 6, 0xFFFFFFFC, 0), "not plausible", "a block of 4 GiB"),
    (pcapng([]) + block("<", 6, b"\0" * 8), "too short", "a packet block without its fields"),
    (pcapng([]) + block("<", 6, struct.pack("<IIIII", 0, 0, 0, 5000, 5000)), "5000 bytes in a block", "a packet larger than its block"),
    (pcapng([]) + block("<", 6, struct.pack("<IIIII", 9, 0, 0, 0, 0)), "interface 9", "a packet of an interface that is not there"),
    (pcapng([]) + block("<", 1, b""), "too short", "an interface of no bytes"),
    (block("<", 0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block("<", 3, b"\0" * 8), "without an interface", "a simple packet before its interface"),
]
QUIET = [  # packets that are passed over, and what is said
    (b"", "not IP", "a packet of no bytes"),
    (b"\0" * 13, "not IP", "an Ethernet head that is cut"),
    (b"\0" * 12 + b"\x81\0\0\1" * 9, "not IP", "VLAN tags without end"),
    (ethernet(b"\x45"), "cut short", "one byte of IPv4"),
    (ethernet(ipv4(b"", head=b"\x4f\0", total=20)), "malformed", "an IPv4 head longer than its packet"),
    (ethernet(ipv4(b"", head=b"\x41\0")), "malformed", "an IPv4 head of 4 bytes"),
    (ethernet(ipv4(b"", total=3)), "malformed", "an IPv4 packet of 3 bytes"),
    (ethernet(ipv4(tcp(b"x"), fragment=0x2000)), "a fragment", "a first fragment"),
    (ethernet(ipv4(tcp(b"x"), fragment=7)), "a fragment", "a later fragment"),
    (ethernet(ipv4(b"\0" * 19)), "cut short", "a TCP head that is cut"),
    (ethernet(ipv4(tcp(b"", offset=0xF0))), "malformed", "a TCP head longer than its packet"),
    (ethernet(ipv4(tcp(b"", offset=0x10))), "malformed", "a TCP head of 4 bytes"),
    (ethernet(ipv4(b"\0" * 7, protocol=17)), "cut short", "a UDP head that is cut"),
    (ethernet(ipv4(struct.pack(">HHHH", 1, 2, 7, 0), protocol=17)), "malformed", "a UDP datagram of 7 bytes"),
    (ethernet(ipv4(struct.pack(">HHHH", 1, 2, 9999, 0), protocol=17)), "malformed", "a UDP datagram longer than its packet"),
    (ethernet(ipv4(b"x", protocol=1)), "neither TCP nor UDP", "ICMP"),
    (ethernet(b"\x60" + b"\0" * 38, b"\x86\xdd"), "cut short", "an IPv6 head that is cut"),
    (ethernet(b"\x60\0\0\0\0\x08\0\x40" + b"\0" * 32 + b"\0\xff" + b"\0" * 6, b"\x86\xdd"), "cut short", "an IPv6 extension longer than its packet"),
    (ethernet(b"\x60\0\0\0\0\x80\0\x40" + b"\0" * 32 + b"\0\0" * 64, b"\x86\xdd"), "neither TCP nor UDP", "IPv6 extensions without end"),
    (ethernet(b"\x60\0\0\0\0\x08\x2c\x40" + b"\0" * 32 + b"\6\0" * 4, b"\x86\xdd"), "a fragment", "an IPv6 fragment"),
]
STREAMS = [  # what a connection carried, what is found in it, why
    (post(300, b""), ["300 ?"], "a message number FDO has not"),
    (post(30, b""), ["30 TO1.HelloRV"], "an empty body"),
    (post(30, b"\x9b" + b"\xff" * 8), ["30 TO1.HelloRV"], "an array of 2^64 items"),
    (post(30, b"\x81" * 5000), ["30 TO1.HelloRV"], "5000 arrays in each other"),
    (post(30, b"\xa1\x81\x81\x00\x00"), ["30 TO1.HelloRV"], "an array as key of a map"),
    (post(60, b"\x86" + b"\x80" * 6), ["60 TO2.HelloDevice"], "arrays where texts should be"),
    (post(22, b"\x82\x41\xff\xd2\x84\x40\xa0\x40\x40"), ["22 TO0.OwnerSign"], "a to0d that is no CBOR"),
    (post(61, b"\xd2\x84\x43\xa1\x01\x26\xa1\x19\x01\x01\x00\x43\x88\x41\xff\x40"), ["61 TO2.ProveOVHdr"], "a proof whose payload is cut"),
    (post(255, b"\x85\x00\x00\x00\x00\x00"), ["255 Error"], "an error of zeros"),
    (post(255, b"\xf6"), ["255 Error"], "an error that is null"),
    (b"POST /fdo/101/msg/30 HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n\x80", ["30 TO1.HelloRV"], "a length of 10^20"),
    (b"POST /fdo/101/msg/30 HTTP/1.1\r\nContent-Length: -1\r\n\r\n\x80", ["30 TO1.HelloRV"], "a length below zero"),
    (b"POST /fdo/101/msg/30 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n\x80", ["30 TO1.HelloRV"], "a chunk of 4 GiB"),
    (b"POST /fdo/101/msg/13 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\n\x80\r\n0\r\nT: x\r\n\r\n" + post(30, b"\x80"), ["13 DI.Done", "30 TO1.HelloRV"], "chunks with an extension and a trailer"),
    (b"POST /fdo/101/msg/30 HTTP/1.1\r\nX: " + b"y" * 70000 + b"\r\n\r\n", [], "a head of 70 kB"),
    (b"POST /fdo/101/msg/99999999999 HTTP/1.1\r\n\r\n", [], "a number of eleven digits"),
    (b"\x16\x03\x01\x02\0" + b"x" * 500, [], "TLS"),
    (b"A /x HTTP/1.1\r\n" * 4000, [], "4000 heads in each other"),
    (post(30, b"\x82\x50" + b"\x1b" * 16 + b"\x82\x26\x40"), ["30 TO1.HelloRV"], "escapes in a GUID"),
    (post(60, b"\x86\0\0\0\x65\x1b[31m\0\0"), ["60 TO2.HelloDevice"], "escapes in a text"),
]


def dpp(*messages):
    return b"".join(struct.pack(">I", len(m)) + m for m in messages)


def attr(id, value):
    return struct.pack("<HH", id, len(value)) + value


FRAME, QUERY = b"\x09\x50\x6f\x9a\x1a\x01", b"\x6c\x08\x7f\xdd\x05\x50\x6f\x9a\x1a\x01"
DPP = [  # what a connection to port 8908 carried, the labels found, a field of the last, why
    (dpp(FRAME + b"\0" + attr(0x1002, b"h" * 32) + attr(0x1019, b"\3")), ["Authentication Request"], ("version", "3"), "a request"),
    (dpp(FRAME + b"\1" + attr(0x1000, b"\2")), ["Authentication Response"], ("status", "authentication failed"), "a refusal"),
    (dpp(FRAME + b"\x0d" + attr(0x1002, b"h" * 32), b"\x0a\7" + QUERY + struct.pack("<H", 8) + attr(0x1004, b"wrap")), ["Presence Announcement", "Configuration Request"], ("wrapped", "4 bytes, encrypted"), "presence and a query"),
    (dpp(b"\x0b\7\0\0\5\0" + QUERY + b"\0\0"), ["Configuration Response"], ("come back after", "5 TU"), "a delay"),
    (dpp(FRAME + b"\0" + b"\2\x10\xff\xff"), ["Authentication Request"], ("attributes", "malformed from byte 0 on"), "an attribute of 64 kB"),
    (dpp(FRAME + b"\0" + attr(0x1002, b"")[:3]), ["Authentication Request"], ("attributes", "malformed from byte 0 on"), "half an attribute"),
    (dpp(FRAME + b"\x63"), ["frame 99"], None, "a frame of no known type"),
    (dpp(b"\x0b"), [], None, "a GAS frame of one byte"),
    (dpp(b"\x0d\7\0\0\0"), ["Comeback Response"], ("dialog", "7"), "a GAS frame that is cut"),
    (b"\xff\xff\xff\xff" + FRAME, [], None, "a message of 4 GiB"),
    (dpp(b""), [], None, "a message of no bytes"),
    (dpp(FRAME + b"\0")[:-1], [], None, "a message that is cut"),
    (dpp(FRAME + b"\0" + attr(0x100D, b"\x1b[2J")), ["Authentication Request"], None, "escapes in an attribute"),
]


def claims_of_dpp():
    for data, labels, field, why in DPP:
        rc, d, err = inspect("dpp", http(data, dport=8908))
        got = [m["label"] for m in d["messages"]]
        fields = [(f["name"], f["value"]) for f in d["messages"][-1]["fields"]] if got else []
        check("DPP over TCP: " + why, rc == 0 and got == labels and (not field or field in fields) and quiet(run("inspect", "dpp")[1]), f"{got} {fields} {err}")


def quiet(out):
    return not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", out)


def claims_of_hostile_files():
    for data, says, why in HOSTILE:
        rc, out, err = run("inspect", write("hostile", data))
        check("hostile file: " + why, (rc == 1 and "hostile: offset " in err and says in err if says != "cut" else rc == 0 and "ends in the middle" in out) and "fault of its own" not in err, out + err)
    rc, out, err = run("inspect", write("hostile", pcap([(1.0, f) for f, _, _ in QUIET] + [(2.0, GOOD[40:])])))
    check("packets that are none hide no good one", rc == 0 and "30 TO1.HelloRV" in out and "1 message" in out, out + err)
    for frame, says, why in QUIET:
        rc, out, err = run("inspect", write("hostile", pcap([(1.0, frame)])))
        check("hostile packet: " + why, rc == 0 and "packets not read: " + says in out, out + err)
    rc, out, err = run("inspect", write("hostile", pcap([(1.0, b"x" * 60)], link=105)))
    check("a kind of link that is unknown is said", rc == 0 and "link type 105" in out, out + err)
    for data, found, why in STREAMS:
        began = time.monotonic()
        big = [(1.0, ethernet(ipv4(tcp(data[i : i + 60000], seq=1 + i)))) for i in range(0, len(data), 60000)]
        rc, out, err = run("inspect", write("hostile", pcap(big)))
        labels = re.findall(r"(?:\u2500|\s)(\d+ [\w.?]+) (?:\u2500|\u25b6)", out)
        check("hostile connection: " + why, rc == 0 and quiet(out) and len(labels) == len(found) and all(f in out for f in found) and "fault of its own" not in err and time.monotonic() - began < 5, out[:200] + err)
    one = [(1 + i / 1e6, ethernet(ipv4(tcp(b"x", seq=rnd)))) for i, rnd in enumerate(random.Random(3).sample(range(1 << 32), 20000))]
    began = time.monotonic()
    rc, out, err = run("inspect", write("hostile", pcap(one)))
    check("20,000 segments of one byte, anywhere in 4 GiB", rc == 0 and "gaps" in out and time.monotonic() - began < 10, f"{time.monotonic() - began:.1f} s {err}")


def mutate(rnd, data):
    data = bytearray(data)
    for _ in range(rnd.choice((1, 3, 30))):
        i = rnd.randrange(len(data))
        how = rnd.randrange(4)
        if how == 0:
            data[i] ^= 1 << rnd.randrange(8)
        elif how == 1:
            data[i : i + 4] = rnd.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\x80"))
        elif how == 2:
            del data[i : i + rnd.randrange(1, 50)]
        else:
            data[i:i] = data[i : i + rnd.randrange(1, 200)]
        data = data or bytearray(b"x")
    return bytes(data)


def claims_of_mutants(frames, others, rounds=150):
    """Half of them in the file's own structure, half within its packets."""
    rnd = random.Random(20261123)
    whole = [packets[:60] for packets in others] + [frames[:30], frames[20:]]
    worst, exits = "", {}
    for n in range(rounds):
        packets = rnd.choice(whole)
        if n % 4 < 2:
            data = pcap([(t, mutate(rnd, f) if rnd.random() < 0.2 else f) for t, f in packets])
        else:
            data = mutate(rnd, rnd.choice((pcap(packets), pcapng(packets), pcap(packets, order=">", snap=300))))
        name = write("mutant", data)
        rc, out, err = run("inspect", name, *(["--json"] if n % 2 else []), timeout=20)
        known = rc == 0 and not err or rc == 1 and "mutant: offset " in err or rc == 2 and "--json is for captures" in err
        exits[rc] = exits.get(rc, 0) + 1
        if not known or "fault of its own" in err or not quiet(out):
            worst = f"round {n}: exit {rc}: {err}"
            shutil.copy(name, os.environ.get("MUTANT", "mutant.kept"))
    check(f"{rounds} mutated captures are read, or refused with an offset", not worst and exits.get(0, 0) > rounds // 3, worst or f"exits {exits}")


# --- Wireshark's word -----------------------------------------------------------------


def tshark(*args):
    p = subprocess.run(["tshark", *args], capture_output=True, text=True, timeout=60)
    return p.stdout.splitlines()


def claims_of_tshark(told):
    if not shutil.which("tshark"):
        return skip("Wireshark reads what --pcap wrote", "no tshark on this machine")
    lines = tshark("-r", "demo.pcap", "-Y", "http.request", "-T", "fields", "-e", "http.request.method", "-e", "http.request.uri")
    asked = [f"POST\t/fdo/101/msg/{t[2].split()[0]}" for t in told if int(t[2].split()[0]) % 2 == 0]
    check("tshark sees every request as HTTP", lines == asked, f"{len(lines)} requests")
    check("... and every reply", len(tshark("-r", "demo.pcap", "-Y", "http.response.code == 200")) == len(told) - len(asked))
    sums = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    bad = tshark("-r", "demo.pcap", *sums, "-Y", "tcp.checksum.status == 0 || ip.checksum.status == 0 || tcp.analysis.flags || _ws.malformed")
    good = tshark("-r", "demo.pcap", *sums, "-Y", "tcp.checksum.status == 1 && ip.checksum.status == 1")
    check("... and finds no wrong checksum, no lost or repeated segment, nothing malformed", not bad and len(good) == len(read_pcap("demo.pcap")), bad)
    for kind in ("pcapng", "nsecpcap"):
        done = subprocess.run(["editcap", "-F", kind, "demo.pcap", "other"], capture_output=True, text=True)
        rc, d, err = inspect("x", open("other", "rb").read()) if done.returncode == 0 else (1, None, done.stderr)
        check(f"what editcap makes of it ({kind}) is read", rc == 0 and story(d) == told, err)


def claims_of_dumpcap():
    claim = "what another program captured of a demo, inspect reads: the messages the demo told of"
    if not shutil.which("dumpcap"):
        return skip(claim, "no dumpcap on this machine")
    p = subprocess.Popen(["dumpcap", "-q", "-i", "lo", "-f", "tcp", "-w", "live.pcapng"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until = time.monotonic() + 10
    while time.monotonic() < until and p.poll() is None and not (os.path.exists("live.pcapng") and os.path.getsize("live.pcapng") > 0):
        time.sleep(0.05)
    if p.poll() is not None:
        return skip(claim, "dumpcap may not listen here: " + " ".join(p.stderr.read().decode().split())[:120])
    time.sleep(0.5)
    rc, out, err = run("demo", "--json", "--pcap", "ours.pcap")
    said = [(m["label"], m["size"]) for m in json.loads(out)["messages"]]
    time.sleep(1.5)  # what is in its buffers
    p.terminate()
    p.wait(10)
    ports = {split(f)[2] for _, f in read_pcap("ours.pcap")}
    rc, d, err = inspect("live", open("live.pcapng", "rb").read())
    seen = [(m["label"], m["size"]) for m in d["messages"] if {int(m[k].rsplit(":", 1)[1]) for k in ("from_address", "to_address")} <= ports]
    check(claim, seen == said, f"{len(seen)} of {len(said)}; {d['problems']} {err}")


def claims_of_other_demos():
    """Every demo's capture is one, whatever carried it."""
    names = re.search(r"NAME +([\w, ]+) \(", run("demo", "--help")[1]).group(1).split(", ")
    check("fdo is a demo", "fdo" in names)
    others = []
    for name in names:
        if name == "fdo":
            continue
        rc, out, err = run("demo", name, "--yes", "--json", "--pcap", "other.pcap")
        packets = read_pcap("other.pcap") if rc == 0 else []
        wrong = 0
        for _, f in packets:
            p = f[14:]
            protocol, head = p[9], 20
            part = p[12:20] + struct.pack(">HH", protocol, len(p) - head) + p[head:]
            wrong += f[12:14] != b"\x08\0" or ones(p[:20]) != 0xFFFF or ones(part) != 0xFFFF
        check(f"demo {name} --pcap: {len(packets)} packets, all checksums right", rc == 0 and packets and not wrong, f"{wrong} wrong {err}")
        rc2, d, err = inspect("other", open("other.pcap", "rb").read()) if packets else (1, None, "")
        said = [m["label"] for m in json.loads(out)["messages"]] if packets else []
        check(f"... and inspect finds the messages that it told of: {len(said)}", rc2 == 0 and said and sorted(said) == sorted(m["label"] for m in d["messages"]), d["problems"] if d else err)
        check("... each with what is in it", d and sum(bool(m["fields"]) for m in d["messages"]) > len(said) // 2)
        others.append(packets)
    return others


frames, told = claims_of_demo()
claims_of_segments(frames)
claims_of_players()
others = claims_of_other_demos()
claims_of_formats(frames, told)
claims_of_order(frames, told)
claims_of_loss(frames, told)
claims_of_dpp()
claims_of_hostile_files()
claims_of_mutants(frames, others)
claims_of_tshark(told)
claims_of_dumpcap()
print(f"1..{count}")
sys.exit(failures != 0)
