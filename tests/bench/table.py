"""table.py -- the README's table of numbers, from build-release/bench.json and
build-cortex-m/numbers.json.

  table.py            writes it between the README's two markers
  table.py --check    TAP: is it current?  Rows, goals, and sizes of the same
                      compiler are compared; what was timed is not."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from bench import BUILD, CORTEX, goal, number, unit

README = "README.md"
BEGIN, END = "<!-- numbers: tests/bench/table.py writes these lines -->", "<!-- numbers end -->"


def rows():
    """What is known, in the benchmarks' order; sizes from the last cross build."""
    timed = json.load(open(f"{BUILD}/bench.json")) if os.path.exists(f"{BUILD}/bench.json") else []
    sizes = json.load(open(CORTEX)) if os.path.exists(CORTEX) else []
    known = {r["id"] for r in sizes}
    return [r for r in sizes + [t for t in timed if t["id"] not in known] if "value" in r and not r.get("detail")]


def line(row):
    return f"| {row['what']} | {number(row['value'])}{unit(row)} | {goal(row)} |"


def table(all_rows):
    return ["| what | measured | goal |", "|---|---|---|"] + [line(r) for r in all_rows]


def written():
    lines = open(README).read().splitlines()
    if BEGIN not in lines or END not in lines:
        sys.exit(f"{README} has no line {BEGIN}")
    return lines, lines.index(BEGIN), lines.index(END)


def check():
    lines, begin, end = written()
    there = {l.split("|")[1].strip(): l for l in lines[begin + 1:end] if l.startswith("|")}
    good = True

    def claim(text, ok):
        nonlocal good
        good = good and ok
        print("ok -" if ok else "not ok -", text)

    here = [r for r in rows() if r["what"]]
    missing = [r["what"] for r in here if r["what"] not in there]
    claim(f"the README's table has all {len(here)} rows" + "".join(f"; missing: {m}" for m in missing), not missing)
    for r in here:
        if r["what"] in there and "exact" in r:
            claim(f"{r['what']}: {number(r['value'])}{unit(r)} with {r['exact']}", r["exact"] not in "".join(lines) or there[r["what"]] == line(r))
        elif r["what"] in there:
            claim(f"{r['what']}: its goal is {goal(r) or 'none'}", there[r["what"]].endswith(f"| {goal(r)} |"))
    return not good


def write():
    lines, begin, end = written()
    compilers = sorted({r["exact"] for r in rows() if "exact" in r})
    said = [f"Sizes: {', '.join(compilers)}.  The rest was measured in one run on one machine: ratios travel, rates do not.", ""]
    open(README, "w").write("\n".join(lines[:begin + 1] + said + table(rows()) + lines[end:]) + "\n")


sys.exit(check() if sys.argv[1:] == ["--check"] else write())
