"""embed.py OUT.c NAME=FILE...: Lua files as a table in C."""
import sys


def literal(data):
    lines = [data[i:i + 24] for i in range(0, len(data), 24)]
    return "\n".join("\t" + "".join("%d," % b for b in line) for line in lines)


out, files = sys.argv[1], [a.split("=", 1) for a in sys.argv[2:]]
with open(out, "w") as f:
    f.write('#include "mod.h"\n')
    for i, (_, path) in enumerate(files):
        f.write("static const unsigned char t%d[] = {\n%s\n0};\n" % (i, literal(open(path, "rb").read())))
    f.write("const struct built_in built_in[] = {\n")
    for i, (name, _) in enumerate(files):
        f.write('\t{"%s", (const char *)t%d, sizeof t%d - 1},\n' % (name, i, i))
    f.write("\t{NULL, NULL, 0}};\n")
