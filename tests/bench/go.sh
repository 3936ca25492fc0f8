#!/bin/sh
# go.sh -- what a message costs in Go beyond what it costs in C, in the same run.
set -eu
cd "$(dirname "$0")/../.."
build=$PWD/${BUILD:-build-release}
log=$build/go.log
skip() { echo "{\"id\": \"go-message\", \"skip\": \"$1\"}"; exit; }
. tests/find-go.sh

mkdir -p "$build/go"
find_go "$build/go" >"$log" 2>&1 || skip "no Go 1.26"
command -v swig >/dev/null || skip "no swig"
GO=$go BUILD=$build sh bindings/go/go.sh build -o "$build/go/bench" ./internal/bench >"$log" 2>&1 || {
	cat "$log" >&2
	exit 1
}
c=$("$(find "$build" -name messages -type f)")
in_go=$("$build/go/bench")
awk -v c="$c" -v g="$in_go" 'BEGIN {
	printf "{\"id\": \"go-message\", \"what\": \"a message through Go, beyond its cost in C\", \"value\": %.2f, \"unit\": \"us\", \"max\": 1}\n", (g - c) / 1000
}'
