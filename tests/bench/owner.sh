#!/bin/sh
# owner.sh -- how much an owner's TO2 costs beyond its public-key operations,
# in instructions, so that no other load on the machine disturbs it.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build-release}
runs=10
out=$build/callgrind
mkdir -p $out

instructions() { # instructions FUNCTIONS [http]: spent in them and below
	valgrind --tool=callgrind --collect-atstart=no --toggle-collect="$1" --callgrind-out-file=$out/out "$(find $build -name owner-ops -type f)" $runs ${2:-} >$out/log 2>&1 || {
		cat $out/log >&2
		exit 1
	}
	sed -n 's/^\(summary\|totals\): \([0-9]*\)$/\2/p' $out/out | tail -n 1
}

command -v valgrind >/dev/null || { echo '{"id": "owner", "skip": "no valgrind"}'; exit 0; }
echo "counting the instructions of $runs onboardings, three times"
pk=$(instructions 'owner_pk_*')
all=$(instructions owner_feed)
http=$(instructions owner_feed http)
awk -v a="$all" -v p="$pk" -v h="$http" -v n=$runs 'BEGIN {
	printf "{\"id\": \"owner\", \"what\": \"owner TO2 (P-256, openssl), instructions per those of its public-key operations\", \"value\": %.4f, \"unit\": \"x\", \"max\": 1.15}\n", a / p
	printf "{\"id\": \"owner-http\", \"what\": \"... with its HTTP\", \"value\": %.4f, \"unit\": \"x\"}\n", h / p
	printf "{\"id\": \"owner-instructions\", \"what\": \"owner TO2, instructions\", \"value\": %d, \"detail\": true}\n", a / n
	printf "{\"id\": \"owner-pk\", \"what\": \"... of them in sign, verify, ECDH and key generation\", \"value\": %d, \"detail\": true}\n", p / n
}'
