#!/bin/sh
# go.sh -- the Go module: vet, gofmt, its tests under the race detector (TAP).
#   go.sh [BUILD [ARGUMENTS OF go test]]
set -u
cd "$(dirname "$0")/.."
build=$PWD/${1:-build}
[ $# = 0 ] || shift
. tests/find-go.sh
mkdir -p "$build/go"
export BUILD="$build"

if ! find_go "$build/go" >"$build/go/go.log" 2>&1; then
	echo "ok - Go # SKIP no Go 1.26: $(tail -n 1 "$build/go/go.log")"
	exit
elif ! command -v swig >/dev/null; then
	echo "ok - Go # SKIP no swig"
	exit
fi
export GO="$go"
claim() { # claim TEXT COMMAND...: holds if it succeeds and says nothing
	text=$1
	shift
	if said=$("$@" 2>&1) && [ -z "$said" ]; then echo "ok - $text"; else echo "$said"; echo "not ok - $text"; fi
}
# vet does not know what go build makes of package low
claim "go vet has no remark" sh bindings/go/go.sh vet . ./fdo ./examples/... ./internal/bench
claim "gofmt has no remark" "$(dirname "$(sh bindings/go/go.sh env GOROOT)/x")/bin/gofmt" -l bindings/go
sh bindings/go/go.sh test -race -v -timeout 600s "$@" ./... >"$build/go/test.log" 2>&1
rc=$?
sed -nE 's/^ *--- PASS: ([^ ]*) \((.*)\)/ok - \1: \2/p; s/^ *--- FAIL: ([^ ]*).*/not ok - \1/p; /^ *--- SKIP: /{N;s/^ *--- SKIP: ([^ ]*).*\n *(.*)/ok - \1 # SKIP \2/p}' "$build/go/test.log"
if [ $rc = 0 ]; then
	echo "ok - every package of the module passes"
else
	tail -n 60 "$build/go/test.log"
	echo "not ok - every package of the module passes"
fi

# As a product would: only what meson install leaves, and a module of its own.
installed() {
	rm -rf "$build/go/root" "$build/go/user"
	mkdir -p "$build/go/user"
	meson install -C "$build" --no-rebuild --quiet --destdir "$build/go/root" >"$build/go/install.log" 2>&1 || { cat "$build/go/install.log"; return 1; }
	pc=$(find "$build/go/root" -name imprint-face.pc)
	cd "$build/go/user" && cp "$from/bindings/go/examples/fdo-owner/main.go" . &&
		printf 'module example.com/user\n\ngo 1.26\n\nrequire imprint.dev/imprint v0.0.0\n\nreplace imprint.dev/imprint => %s\n' "$from/bindings/go" >go.mod &&
		PKG_CONFIG_SYSROOT_DIR="$build/go/root" PKG_CONFIG_PATH="${pc%/*}" CGO_CFLAGS="-O2 -DIMP_FACE_HASH=$(date +%s)" "$go" build -o owner . &&
		./owner -h 2>&1 | grep -q voucher
}
from=$PWD
(claim "what meson install leaves is enough for a module of one's own" installed)
exit $rc
