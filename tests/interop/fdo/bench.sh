#!/bin/sh
# bench.sh -- complete onboardings a second, ours and those of the go-fdo
# library: an owner and 8 devices at a time, each with a connection of its own,
# facts in memory, a voucher of one entry, P-256.  In turn, the best of five.
set -eu
cd "$(dirname "$0")/../../.."
ours=$(find "${BUILD:-build-release}" -name onboard -type f)
at=8

best() { # best OLD NEW
	awk -v a="$1" -v b="$2" 'BEGIN { print (a + 0 > b + 0 ? a : b) }'
}

row() { # row ID TEXT VALUE UNIT MORE
	printf '{"id": "%s", "what": "%s", "value": %s, "unit": "%s"%s}\n' "$@"
}

sh tests/interop/fdo.sh --build
theirs=build/interop/fdo
we=0 they=0
for round in 1 2 3 4 5; do
	we=$(best $we "$("$ours" 1000 $at)")
	[ ! -x $theirs ] || they=$(best $they "$($theirs bench -n 200 -at $at | sed -n 's/.*"per_second":\([0-9.]*\).*/\1/p')")
done
row onboard "complete TO2 over loopback HTTP, $at devices at a time" "$we" "/s" ', "detail": true'
if [ -x $theirs ]; then
	row onboard-go-fdo "the same with go-fdo" "$(printf %.0f "$they")" "/s" ', "detail": true'
	row onboard-ratio "complete onboardings (TO2, $at devices at a time), ours per one of go-fdo" "$(awk -v a="$we" -v b="$they" 'BEGIN { printf "%.2f", a / b }')" x ', "min": 5, "timed": true'
else
	echo '{"id": "onboard-ratio", "skip": "the go-fdo peer was not built: see build/interop"}'
fi
