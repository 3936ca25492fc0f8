#!/bin/sh
# bench.sh -- instructions of an EC-JPAKE handshake, both sides and the cookie,
# by valgrind: ours on two providers, and mbedTLS's with its own arithmetic.
set -u
cd "$(dirname "$0")/../../.."
mbed=build/interop/src/mbedtls
program=$PWD/build/interop/mbed-bench

skip() {
	echo "{\"id\":\"dtls-jpake-mbedtls\",\"skip\":\"$1\"}"
	exit 0
}

mkdir -p build/interop
command -v valgrind >/dev/null || skip "no valgrind"
sh tests/interop/dtls.sh --mbedtls >build/interop/mbedtls.log 2>&1 || skip "no mbedTLS with EC-JPAKE: $(tail -n 1 build/interop/mbedtls.log | tr -d '"')"
cc -O2 -I$mbed/include -o "$program" tests/interop/dtls/mbed.c $mbed/library/libmbedtls.a $mbed/library/libmbedx509.a $mbed/library/libmbedcrypto.a || skip "its program does not build"

counted() { valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 | sed -n 's/.*Collected : //p'; }
each() { # each COMMAND...: instructions of one handshake, without the start
	few=$(counted "$@" 2) more=$(counted "$@" 7)
	echo $(((more - few) / 5))
}

theirs=$(each "$program")
row() { # row ID WHAT INSTRUCTIONS LIMIT
	awk -v i="$1" -v w="$2" -v a="$3" -v b="$theirs" -v m="$4" 'BEGIN { printf "{\"id\":\"%s\",\"what\":\"%s\",\"value\":%.3f,\"unit\":\"x\",\"max\":%s}\n", i, w, a / b, m }'
}
echo "mbedTLS: $theirs instructions"
row dtls-jpake-mbedtls "EC-JPAKE handshake, openssl provider, instructions for one of mbedTLS's" "$(each "$BUILD/tests/bench-dtls" jpake)" 0.333
row dtls-jpake-bearssl "EC-JPAKE handshake, BearSSL provider, instructions for one of mbedTLS's" "$(each "$BUILD/tests/bench-dtls" jpake-bearssl)" 1
