"""bench.py -- runs every benchmark and merges what they print.

  bench.py            a table; progress goes to standard error
  bench.py --json     the rows as JSON
  bench.py --check    TAP: every goal of a row holds

A benchmark is an executable build-release/tests/bench-NAME, or a script
tests/bench/NAME.sh or tests/interop/*/bench.sh; it prints one JSON object a line:
  {"id": "...", "what": "...", "value": 1.08, "unit": "x", "max": 1.15}
`max` or `min`, if there, is the goal; "detail": true keeps a row out of the
README.  Lines that do not begin with { are progress.
A script that cannot run here prints {"id": "...", "skip": "reason"}.
The sizes of tests/cortex-m are rows too.  All rows are kept in
build-release/bench.json, which table.py turns into the README's table."""
import glob
import json
import os
import subprocess
import sys
import time

BUILD = "build-release"
CORTEX = "build-cortex-m/numbers.json"


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def must(args, log):
    with open(log, "w") as out:
        if subprocess.run(args, stdout=out, stderr=subprocess.STDOUT).returncode:
            sys.exit(f"{' '.join(args)} failed:\n{open(log).read()[-4000:]}")


def build():
    os.makedirs(BUILD, exist_ok=True)
    if not os.path.exists(f"{BUILD}/build.ninja"):
        must(["meson", "setup", BUILD, "-Dwerror=true", "-Dbuildtype=release"], f"{BUILD}/setup.log")
    must(["ninja", "-C", BUILD], f"{BUILD}/ninja.log")


def sizes():
    if not os.path.exists(CORTEX):
        subprocess.run(["sh", "tests/cortex-m/run.sh"], stdout=subprocess.DEVNULL)
    if not os.path.exists(CORTEX):
        return [{"id": "cortex-m", "skip": "tests/cortex-m/run.sh gave no numbers"}]
    return json.load(open(CORTEX))


def programs():
    found = [p for p in sorted(glob.glob(f"{BUILD}/tests/**/bench-*", recursive=True)) if os.access(p, os.X_OK) and os.path.isfile(p)]
    return found + sorted(glob.glob("tests/bench/*.sh")) + sorted(glob.glob("tests/interop/*/bench.sh"))


def run(path):
    """The rows of one benchmark, as they come."""
    args = ["sh", path] if path.endswith(".sh") else [path]
    p = subprocess.Popen(args, stdout=subprocess.PIPE, text=True, env=dict(os.environ, BUILD=BUILD))
    rows = []
    for line in p.stdout:
        if line.startswith("{"):
            rows.append(json.loads(line))
            say("  ", shown(rows[-1]))
        else:
            say("  ", line.rstrip())
    if p.wait() or not rows:
        rows.append({"id": os.path.basename(path), "what": f"{path} ended with {p.returncode} after {len(rows)} rows", "failed": True})
    return rows


def number(v):
    return f"{v:,}" if isinstance(v, int) else f"{v:,.0f}" if abs(v) >= 1000 else f"{v:.3g}"


def goal(row):
    for word, sign in ("max", "≤"), ("min", "≥"):
        if word in row:
            return f"{sign} {number(row[word])}{unit(row)}"
    return ""


def unit(row):
    u = row.get("unit", "")
    return u if u in ("", "x") else " " + u


def shown(row):
    if "skip" in row:
        return f"{row['id']}: skipped: {row['skip']}"
    if row.get("failed"):
        return row["what"]
    return f"{row['what']}: {number(row['value'])}{unit(row)}" + (f" (goal {goal(row)})" if goal(row) else "")


def holds(row):
    """Sizes and instructions must keep their goals; what the clock measured
    ("timed") is shown beside its goal and fails nothing."""
    if row.get("failed"):
        return False
    return "skip" in row or row.get("timed") or row["value"] <= row.get("max", row["value"]) and row["value"] >= row.get("min", row["value"])


def main():
    how = sys.argv[1] if len(sys.argv) > 1 else ""
    if how in ("-h", "--help"):
        print(__doc__)
        return 0
    if how not in ("", "--json", "--check"):
        sys.exit(__doc__)
    say("building", BUILD)
    build()
    rows = sizes()
    for p in programs():
        say(p)
        begun = time.time()
        rows += run(p)
        say(f"   {time.time() - begun:.0f} s")
    json.dump(rows, open(f"{BUILD}/bench.json", "w"), indent=1)
    if how == "--json":
        print(json.dumps(rows, indent=1))
    for row in rows if how != "--json" else []:
        if how == "--check" and row.get("detail"):
            continue
        if how == "":
            print(shown(row))
        elif "skip" in row:
            print(f"ok - bench {row['id']} # SKIP {row['skip']}")
        else:
            print("ok -" if holds(row) else "not ok -", f"bench {shown(row)}")
    return not all(holds(r) for r in rows)


if __name__ == "__main__":
    sys.exit(main())
