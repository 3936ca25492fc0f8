"""sizes.py -- how large the Cortex-M4 objects are and how deep their stack is;
the claims as TAP, the numbers into OUT/numbers.json for the README's table.

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
numbers = {}


def run(*args):
    return subprocess.run(args, check=True, capture_output=True, text=True).stdout


def claim(text, holds, why=""):
    print("ok -" if holds else "not ok -", text)
    for line in why.splitlines() if not holds else []:
        print("#", line)


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


def ours():
    return [o for o in glob.glob(f"{OUT}/m4/*.o") if not os.path.basename(o).startswith(("build-", "tests_"))]


def stack(root):
    r = subprocess.run([sys.executable, f"{HERE}/stack.py", f"{HERE}/indirect.txt", root] + sorted(glob.glob(f"{OUT}/m4/*.ci")),
                       capture_output=True, text=True)
    return int(r.stdout.split()[0]), r


def main():
    numbers["compiler"] = run(CROSS + "gcc", "-dumpfullversion").strip()
    numbers["feed"], numbers["slab"] = code(["core_session"]), code(["core_slab"])
    both = numbers["feed"] + numbers["slab"]
    claim(f"Cortex-M4 -Os: feed loop {numbers['feed']} + slab {numbers['slab']} = {both} B of code, at most 7000", both <= 7000)
    s = sections(ours())
    numbers["data"], numbers["bss"] = s.get("data", 0), s.get("bss", 0)
    claim(f"{len(ours())} objects: {numbers['data']} B of .data, {numbers['bss']} B of .bss", not numbers["data"] and not numbers["bss"])
    numbers["stack"], r = stack("imp_session_feed")
    claim(f"worst-case stack of a feed {numbers['stack']} B above the crypto's, at most 4096", numbers["stack"] <= 4096 and not r.returncode, r.stderr + r.stdout)
    json.dump(numbers, open(f"{OUT}/numbers.json", "w"), indent=1, sort_keys=True)


main()
