"""stack.py -- the deepest stack below a function, from gcc's -fcallgraph-info=su.

usage: stack.py INDIRECT ROOT FILE.ci...

INDIRECT says where calls through pointers go, one caller a line:
    file.c:caller  callee callee ...      the functions it may call
    file.c:caller  -                      the crypto provider: not counted
    file.c:*       callee ...             the same for every other caller there
    file.c:caller  *10                    calls itself, at most ten deep
A call through a pointer that is not listed, any other recursion and a
function of unknown size are errors.  Prints the depth in bytes, then the path."""
import re
import sys

# Leaves of the C library that have no call graph: generous.
LEAVES = {"memcpy": 32, "memmove": 32, "memset": 32, "memcmp": 32, "memchr": 32, "strlen": 16, "strcmp": 16,
          "strncmp": 16, "strchr": 16, "ldexp": 64}
NODE = re.compile(r'node: \{ title: "([^"]+)" label: "[^"]*?\\n([^":]+):[0-9:]+\\n(\d+) bytes \(([a-z,]+)\)')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')


def short(title):
    """core/session.c:step -> session.c:step; extern functions stay as they are"""
    return title.split("/")[-1]


class Graph:
    def __init__(self, indirect, files):
        self.frame, self.calls, self.where = {}, {}, {}
        self.indirect, self.turns = {}, {}
        for line in open(indirect):
            words = line.split("#")[0].split()
            if len(words) == 2 and words[1].startswith("*"):
                self.turns[words[0]] = int(words[1][1:])
            elif words:
                self.indirect[words[0]] = [] if words[1:] == ["-"] else words[1:]
        for f in files:
            self.read(f)
        self.memo, self.path, self.errors = {}, [], []

    def read(self, path):
        for line in open(path):
            node, edge = NODE.match(line), EDGE.match(line)
            if node:
                name = short(node.group(1))
                self.where[name] = short(node.group(2))
                self.frame[name] = int(node.group(3))
                if node.group(4) == "dynamic":
                    self.errors.append(f"{name}: a frame of unbounded size")
            elif edge:
                self.calls.setdefault(short(edge.group(1)), set()).add(short(edge.group(2)))

    def targets(self, name):
        for t in sorted(self.calls.get(name, ())):
            if t != "__indirect_call":
                yield t
                continue
            file = self.where.get(name, "?")
            key = name if ":" in name else f"{file}:{name}"
            if key not in self.indirect and f"{file}:*" not in self.indirect:
                self.errors.append(f"{key} calls through a pointer: say where in indirect.txt")
            yield from self.indirect.get(key, self.indirect.get(f"{file}:*", ()))

    def depth(self, name):
        if name in self.memo:
            return self.memo[name]
        if name in self.path:
            self.errors.append("recursion: " + " -> ".join(self.path[self.path.index(name):] + [name]))
            return (0, [])
        if name not in self.frame:
            if name not in LEAVES and not name.startswith("__aeabi_") and not name.startswith("__gnu_"):
                self.errors.append(f"{name}: no call graph and no known size")
            return (LEAVES.get(name, 32), [name])
        self.path.append(name)
        turns = self.turns.get(name, 0)
        below = {t for t in self.targets(name) if not (turns and t == name)}
        deepest = max((self.depth(t) for t in below), default=(0, []), key=lambda d: d[0])
        self.path.pop()
        own = self.frame[name] * max(turns, 1)
        self.memo[name] = (own + deepest[0], [f"{name} {own}"] + deepest[1])
        return self.memo[name]


def main():
    g = Graph(sys.argv[1], sys.argv[3:])
    bytes_, path = g.depth(sys.argv[2])
    for e in sorted(set(g.errors)):
        print("error:", e, file=sys.stderr)
    print(bytes_)
    print("\n".join(path))
    return bool(g.errors)


if __name__ == "__main__":
    sys.exit(main())
