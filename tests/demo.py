"""demo.py -- the newcomer's first command: `./imprint demo`, as a story and as
data, in time.  TAP.  usage: demo.py [NAME...] (all that are built, if none)"""
import json
import re
import subprocess
import sys
import time

LIMIT = 10  # seconds, once it is built
KINDS = {"players": ("name",), "messages": ("from", "to", "label"), "questions": ("player", "topic", "verdict"),
         "beliefs": ("player", "topic", "name"), "knowledge": ("player", "topic", "name")}


def imprint(*args):
    begun = time.monotonic()
    p = subprocess.run(["./imprint", "demo", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    return p, time.monotonic() - begun


def claim(text, holds, p=None):
    print("ok -" if holds else "not ok -", text, flush=True)
    for line in (p.stdout + p.stderr).splitlines()[-20:] if p and not holds else []:
        print("#", line)
    return holds


def data(name):
    p, seconds = imprint(name, "--json")
    try:
        d = json.loads(p.stdout)
    except ValueError:
        return claim(f"demo {name} --json is JSON", False, p)
    good = claim(f"demo {name} --json: onboarded, exit {p.returncode}", p.returncode == 0 and d.get("ok") is True, p)
    for kind, fields in KINDS.items():
        rows = d.get(kind, [])
        good &= claim(f"demo {name} --json: {len(rows)} {kind}, each with {', '.join(fields)}",
                      bool(rows) and all(f in r for r in rows for f in fields), p)
    good &= claim(f"demo {name} --json: no secret is shown", not any(r.get("secret") and "value" in r and r["value"] for r in d["beliefs"] + d["knowledge"]))
    names = {r["name"] for r in d["players"]}
    good &= claim(f"demo {name} --json: messages go between its players", all(m["from"] in names and m["to"] in names for m in d["messages"]))
    return good


def story(name):
    p, seconds = imprint(name)
    good = claim(f"demo {name}: exit {p.returncode}, {len(p.stdout.splitlines())} lines", p.returncode == 0 and len(p.stdout) > 1000, p)
    return claim(f"demo {name}: {seconds:.1f} s, at most {LIMIT}", seconds <= LIMIT) and good


def main():
    good = True
    listed = re.search(r"NAME +([\w, ]+) \(", imprint("--help")[0].stdout)
    good &= claim("demo --help lists the demos that there are", listed is not None, None)
    for name in sys.argv[1:] or listed.group(1).split(", "):
        good &= data(name)
        good &= story(name)
    return not good


sys.exit(main())
