"""sources.py -- plugins/sources.cmake, from what lies in the tree.

  sources.py            TAP: the list names every file that a device may need
  sources.py --update   write the list anew"""
import glob
import os
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
LIST = "plugins/sources.cmake"


def sources():
    found = ["abi/check.c"]
    for p in "core/*.c", "plugins/transport/*.c", "plugins/protocol/*/*.c", "plugins/crypto/bearssl*.c", "plugins/crypto/modn.c":
        found += sorted(glob.glob(p))
    return found


def lines(name, files):
    return f"set({name}\n" + "".join("  ${IMPRINT_ROOT}/%s\n" % f for f in files) + ")\n"


def text():
    protocols = sorted(os.path.dirname(f) for f in glob.glob("plugins/protocol/*/plugin.c"))
    return ("# What a device may need, for build systems of embedded platforms: core, protocols,\n"
            "# transports, BearSSL's provider.  Written by tests/embed/sources.py --update.\n"
            "get_filename_component(IMPRINT_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)\n"
            + lines("IMPRINT_SOURCES", sources())
            + lines("IMPRINT_INCLUDES", ["abi", "plugins/crypto", "plugins/transport"] + protocols)
            + lines("IMPRINT_PRIVATE_INCLUDES", ["core", "plugins"]))


def main():
    if sys.argv[1:] == ["--update"]:
        with open(LIST, "w") as f:
            f.write(text())
        return 0
    was, now = open(LIST).read().splitlines(), text().splitlines()
    good = was == now
    print("ok -" if good else "not ok -", f"{LIST} names exactly the tree's {len(sources())} files")
    for l in sorted(set(was) ^ set(now)):
        print("# ", "missing" if l in now else "not there", l.strip())
    if not good:
        print("#  tests/embed/sources.py --update")
    print("1..1")
    return not good


sys.exit(main())
