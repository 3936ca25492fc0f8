#!/bin/sh
# python.sh -- what a message costs in Python beyond what it costs in C, in the same run.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build-release}
venv=$build/python
log=$build/python.log
export PIP_CONSTRAINT="$PWD/tests/python.txt" PIP_DISABLE_PIP_VERSION_CHECK=1

python3 -m venv --clear "$venv" >"$log" 2>&1 && "$venv/bin/pip" install . >>"$log" 2>&1 || {
	cat "$log" >&2
	exit 1
}
c=$("$(find "$build" -name messages -type f)")
python=$("$venv/bin/python" -P tests/bench/python.py)
awk -v c="$c" -v p="$python" 'BEGIN {
	printf "{\"id\": \"python-message\", \"what\": \"a message through Python, beyond its cost in C\", \"value\": %.2f, \"unit\": \"us\", \"max\": 5}\n", (p - c) / 1000
	printf "{\"id\": \"c-message\", \"what\": \"... which is (HTTP, one request or answer)\", \"value\": %.2f, \"unit\": \"us\", \"detail\": true}\n", c / 1000
}'
