#!/bin/sh
# bench.sh -- complete onboardings (TO2, device and owner over loopback HTTP,
# one after the other) a second: ours per go-fdo's, in turns, the median of five.
set -eu
cd "$(dirname "$0")/../../.."
build=${BUILD:-build-release}
peer=build/interop/fdo
[ -x $peer ] || sh tests/interop/fdo.sh "no claim: build the peers" >/dev/null
[ -x $peer ] || { echo '{"id": "onboard", "skip": "the go-fdo peers were not built: no Go"}'; exit 0; }
ours=$(find "$build" -name bench-onboard -type f)
for turn in 1 2 3 4 5; do
	"$ours" 300 | sed -n 's/.*"value": \([0-9.]*\).*/\1/p'
	$peer bench -n 300 | sed -n 's/.*"per_second":\([0-9.]*\).*/\1/p'
done | paste - - | awk '{ printf "%.3f %.0f %.0f\n", $1 / $2, $1, $2 }' | sort -n | sed -n 3p | while read -r ratio mine theirs; do
	printf '{"id": "onboard", "what": "complete onboardings a second, per those of go-fdo", "value": %s, "unit": "x", "min": 5, "timed": true}\n' "$ratio"
	printf '{"id": "onboard-imprint", "what": "... of imprint", "value": %s, "unit": "/s", "detail": true}\n' "$mine"
	printf '{"id": "onboard-go", "what": "... of go-fdo", "value": %s, "unit": "/s", "detail": true}\n' "$theirs"
done
