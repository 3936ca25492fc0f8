#!/bin/sh
# dpp.sh -- how much DPP authentication and configuration cost beyond their
# public-key operations, both sides together, in instructions, so that no other
# load on the machine disturbs it.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build-release}
runs=10
out=$build/callgrind-dpp
mkdir -p $out

instructions() { # instructions FUNCTIONS [mutual]: spent in them and below
	valgrind --tool=callgrind --collect-atstart=no --toggle-collect="$1" --callgrind-out-file=$out/out "$(find $build -name dpp-ops -type f)" $runs ${2:-} >$out/log 2>&1 || {
		cat $out/log >&2
		exit 1
	}
	sed -n 's/^\(summary\|totals\): \([0-9]*\)$/\2/p' $out/out | tail -n 1
}

command -v valgrind >/dev/null || { echo '{"id": "dpp-ops", "skip": "no valgrind"}'; exit 0; }
echo "counting the instructions of $runs DPP configurations, four times"
pk=$(instructions 'dpp_pk_*')
all=$(instructions dpp_feed)
pk2=$(instructions 'dpp_pk_*' mutual)
all2=$(instructions dpp_feed mutual)
awk -v a="$all" -v p="$pk" -v b="$all2" -v q="$pk2" -v n=$runs 'BEGIN {
	printf "{\"id\": \"dpp-ops\", \"what\": \"DPP authentication and configuration, both sides (P-256, openssl), instructions per those of its public-key operations\", \"value\": %.4f, \"unit\": \"x\", \"max\": 1.2}\n", a / p
	printf "{\"id\": \"dpp-mutual\", \"what\": \"... with mutual authentication\", \"value\": %.4f, \"unit\": \"x\", \"max\": 1.2}\n", b / q
	printf "{\"id\": \"dpp-instructions\", \"what\": \"DPP, both sides, instructions\", \"value\": %d, \"detail\": true}\n", a / n
	printf "{\"id\": \"dpp-pk\", \"what\": \"... of them in sign, verify, ECDH, key generation and points\", \"value\": %d, \"detail\": true}\n", p / n
}'
