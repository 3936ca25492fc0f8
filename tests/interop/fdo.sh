#!/bin/sh
# fdo.sh -- imprint against go-fdo (TAP): builds the peers of fdo/, then fdo.py.
#   fdo.sh --build   only builds them
set -u
cd "$(dirname "$0")/../.."
peers=$PWD/build/interop
mkdir -p "$peers"

. tests/find-go.sh

build_peers() {
	cd tests/interop/fdo && "$go" build -o "$peers/" . github.com/fido-device-onboard/go-fdo-client
}

if ! find_go "$peers" >"$peers/go.log" 2>&1; then
	echo "ok - go-fdo # SKIP no Go 1.26: $(tail -n 1 "$peers/go.log")"
elif ! (build_peers) >"$peers/build.log" 2>&1; then
	cat "$peers/build.log"
	echo "not ok - the go-fdo peers build"
elif [ "${1:-}" != --build ]; then
	exec python3 tests/interop/fdo.py "$PWD/build/lua/imprint" "$peers" "$@"
fi
