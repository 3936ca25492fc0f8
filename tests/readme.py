"""readme.py -- every C block of the README compiles without a warning, links
with libimprint alone, and what has a main() runs.  TAP.  usage: readme.py BUILD"""
import os
import re
import subprocess
import sys
import tempfile


def blocks(path):
    """(line, text) of each ```c block"""
    text = open(path).read()
    for m in re.finditer(r"^```c\n(.*?)^```$", text, re.M | re.S):
        yield text.count("\n", 0, m.start()) + 2, m.group(1)


def run(args):
    p = subprocess.run(args, capture_output=True, text=True, timeout=60)
    return p.returncode, p.stdout + p.stderr


def main():
    lib = os.path.abspath(sys.argv[1] + "/plugins")
    found = list(blocks("README.md"))
    if not found:
        print("ok - README's example # SKIP README.md has no C block yet")
    good = True
    for line, text in found:
        what = f"README.md:{line}: {len(text.splitlines())} lines of C"
        with tempfile.TemporaryDirectory() as tmp:
            with open(f"{tmp}/x.c", "w") as f:
                f.write(text)
            whole = "main(" in text
            flags = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Iabi"]
            end = [f"-L{lib}", "-limprint", f"-Wl,-rpath,{lib}", "-o", f"{tmp}/x"] if whole else ["-c", "-o", f"{tmp}/x.o"]
            rc, said = run(["gcc", *flags, f"{tmp}/x.c", *end])
            if rc == 0 and whole:
                rc, said = run([f"{tmp}/x"])
        print("not ok -" if rc else "ok -", what, "compile" + (", link and run" if whole else ""))
        for l in said.splitlines()[:20] if rc else []:
            print("#", l)
        good = good and rc == 0
    return not good


sys.exit(main())
