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
claim "go vet has no remark" sh bindings/go/go.sh vet . ./internal/fdo
claim "gofmt has no remark" "$(dirname "$(sh bindings/go/go.sh env GOROOT)/x")/bin/gofmt" -l bindings/go
sh bindings/go/go.sh test -race -v -timeout 600s "$@" ./... >"$build/go/test.log" 2>&1
rc=$?
sed -nE 's/^ *--- PASS: ([^ ]*) \((.*)\)/ok - \1: \2/p; s/^ *--- FAIL: ([^ ]*).*/not ok - \1/p; s/^ *--- SKIP: ([^ ]*).*/ok - \1 # SKIP see the log/p' "$build/go/test.log"
if [ $rc = 0 ]; then
	echo "ok - every package of the module passes"
else
	tail -n 60 "$build/go/test.log"
	echo "not ok - every package of the module passes"
fi
exit $rc
