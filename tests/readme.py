"""readme.py -- every code block of the documentation is compiled or run (TAP).
usage: readme.py BUILD

Documentation is README.md, every other .md, and what `imprint help TOPIC` says.  By
the language of a block:
  c       compiles without a warning; with a main() it links libimprint alone and runs
  lua     runs in a stock Lua;  "lua policy": a policy that loads and answers
  sh      runs in the checkout, line by line, to the first failure; ./imprint is the
          built command, but what would run all this again is asked for its --help
  python  runs with the package of tests/python.sh, >>> as a doctest
  go      compiles in the module
Another language, or none, is a failed claim: what cannot run is no code block."""
import glob
import os
import re
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(sys.argv[1])
IMPRINT = BUILD + "/lua/imprint"
SHIM = f"""#!/bin/sh
case ${{1:-}} in test | bench | fuzz) exec ./imprint "$1" --help ;; esac
exec {IMPRINT} "$@"
"""
POLICY = """
local imp = require "imprint"
local policy = assert(imp.policy(io.open(arg[1]):read "a", "block.lua"))
local verdict, why = policy:ask { topic = "authorize", role = "owner", name = "00", data = imp.encode {}, time = 1, tries = 0 }
print(verdict, why)
assert(verdict ~= "no" or not why:find("^authorize: "), why)
"""


def run(args, **env):
    try:
        p = subprocess.run(args, capture_output=True, text=True, timeout=600, env=dict(os.environ, **env), stdin=subprocess.DEVNULL)
    except FileNotFoundError as e:
        return None, f"{e.filename} is not installed"
    return p.returncode, p.stdout + p.stderr


def put(path, text):
    with open(path, "w") as f:
        f.write(text)
    return path


def c(text, tmp, kind):
    lib = BUILD + "/plugins"
    flags = ["gcc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Iabi", put(tmp + "/x.c", text)]
    if "main(" not in text:
        return run([*flags, "-c", "-o", tmp + "/x.o"])
    rc, said = run([*flags, "-L" + lib, "-limprint", "-Wl,-rpath," + lib, "-o", tmp + "/x"])
    return (rc, said) if rc else run([tmp + "/x"])


def lua(text, tmp, kind):
    args = [put(tmp + "/x.lua", text)]
    if kind == "policy":
        args = [put(tmp + "/ask.lua", POLICY), *args]
    return run(["lua5.4", *args], LUA_CPATH=BUILD + "/lua/?.so")


def sh(text, tmp, kind):
    os.mkdir(tmp + "/bin")
    for name in "imprint", "imprint-of-the-checkout":
        os.chmod(put(f"{tmp}/bin/{name}", SHIM), 0o755)
    text = re.sub(r"^\./imprint\b", "imprint-of-the-checkout", text, flags=re.M)
    return run(["sh", "-eu", put(tmp + "/x.sh", text)], HOME=tmp, PATH=f"{tmp}/bin:" + os.environ["PATH"])


def python(text, tmp, kind):
    interpreter = BUILD + "/python/venv/bin/python"
    if not os.path.exists(interpreter):
        return None, "the package is not built (./imprint test python)"
    return run([interpreter, *(["-m", "doctest"] if ">>> " in text else []), put(tmp + "/x.py" if ">>> " not in text else tmp + "/x.txt", text)])


def go(text, tmp, kind):
    rc, where = run(["sh", "-c", f'. tests/find-go.sh; find_go "{BUILD}/go" >&2 && echo "$go"'])
    if rc:
        return None, "no Go: " + where.strip()[-80:]
    return run(["sh", "bindings/go/go.sh", "build", "-o", tmp + "/x", put(tmp + "/main.go", text)], BUILD=BUILD, GO=where.split()[-1])


LANGUAGES = {"c": c, "lua": lua, "sh": sh, "python": python, "go": go}


def documents():
    """(name, text)"""
    for path in sorted(glob.glob("**/*.md", recursive=True)):
        if not path.startswith(("build", "lua/help/")):
            yield path, open(path).read()
    for path in sorted(glob.glob("lua/help/*.md")):
        topic = os.path.basename(path)[:-3]
        rc, said = run([IMPRINT, "help", topic, "--markdown"])
        yield "help " + topic, said if rc == 0 else "```help\n```\n"


def blocks(text):
    """(line, language, kind, text)"""
    for m in re.finditer(r"^```(\w*) ?(\w*)\n(.*?)^```$", text, re.M | re.S):
        yield text.count("\n", 0, m.start()) + 2, m[1], m[2], m[3]


def main():
    good, seen = True, 0
    for name, text in documents():
        for line, language, kind, block in blocks(text):
            seen += 1
            what = f"{name}:{line}: {len(block.splitlines())} lines of {language or 'nothing'}"
            with tempfile.TemporaryDirectory() as tmp:
                rc, said = LANGUAGES[language](block, tmp, kind) if language in LANGUAGES else (1, "no language that is run here")
            if rc is None:
                print("ok -", what, "# SKIP", said)
                continue
            print("not ok -" if rc else "ok -", what)
            for l in said.splitlines()[-20:] if rc else []:
                print("#", l)
            good = good and rc == 0
    print("ok -" if seen >= 10 else "not ok -", f"the documentation has {seen} code blocks")
    return not good or seen < 10


sys.exit(main())
