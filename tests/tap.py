"""tap.py -- the claims of one meson test run: all to the log, those that failed
to standard output instead.

usage: tap.py testlog.json LOG   (exit 1: a claim failed)"""
import json
import re
import sys


def claims(test):
    """One TAP line per claim of a test; a test that ended badly adds one."""
    lines = [l for l in test.get("stdout", "").splitlines() if re.match(r"(ok|not ok)\b", l)]
    out = [re.sub(r"^(ok|not ok)( \d+)?( -)?", r"\1 - " + test["name"] + ":", l) for l in lines]
    bad = test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL")
    if bad and not any(l.startswith("not ok") for l in out) or not out:
        verdict = "not ok" if bad or not out else "ok"
        out.append(f"{verdict} - {test['name']}: {test['result'].lower()} after {len(out)} claims, {test['duration']:.1f} s")
    return out


def complaint(lines):
    """A sanitizer's first words and frames; else the last lines."""
    for i, line in enumerate(lines):
        if "ERROR:" in line or "runtime error:" in line:
            return lines[i:i + 12]
    return lines[-12:]


def main():
    failed = False
    with open(sys.argv[2], "a") as log:
        for line in open(sys.argv[1]):
            test = json.loads(line)
            for claim in claims(test):
                bad = claim.startswith("not ok")
                failed = failed or bad
                print(claim, file=sys.stdout if bad else log)
            if test["result"] in ("FAIL", "ERROR", "TIMEOUT"):
                for line in complaint(test.get("stderr", "").splitlines()):
                    print("#", line)
    return failed


sys.exit(main())
