#!/bin/sh
# dtls.sh -- DTLS against OpenSSL, GnuTLS, wolfSSL, mbedTLS, pion and libcoap (TAP): builds
# the peers that come as source, then dtls.py.
#   dtls.sh --mbedtls   only builds mbedTLS, and says why it cannot
set -u
cd "$(dirname "$0")/../.."
peers=$PWD/build/interop
mkdir -p "$peers"

. tests/find-go.sh

# Debian's mbedTLS with what Debian leaves out: EC-JPAKE and connection ids
build_mbedtls() {
	tests/cortex-m/source mbedtls "$peers/src" bookworm || return 1
	cd "$peers/src/mbedtls" || return 1
	[ ! -x programs/ssl/ssl_server2 ] || return 0
	for option in MBEDTLS_ECJPAKE_C MBEDTLS_KEY_EXCHANGE_ECJPAKE_ENABLED MBEDTLS_SSL_DTLS_CONNECTION_ID; do
		perl scripts/config.pl set $option || return 1
	done
	make -j2 lib && make -C programs ssl/ssl_client2 ssl/ssl_server2
}

build_wolf() { cc -o "$peers/wolf" tests/interop/dtls/wolf.c -lwolfssl; }
build_pion() { find_go "$peers" && cd tests/interop/dtls/pion && "$go" build -o "$peers/pion" .; }

if [ "${1:-}" = --mbedtls ]; then
	build_mbedtls
	exit
fi
mbed=- wolf=- pion=-
if (build_mbedtls) >"$peers/mbedtls.log" 2>&1; then mbed=$peers/src/mbedtls/programs/ssl; fi
if (build_wolf) >"$peers/wolf.log" 2>&1; then wolf=$peers/wolf; fi
if (build_pion) >"$peers/pion.log" 2>&1; then pion=$peers/pion; fi
exec python3 tests/interop/dtls.py build/tests/dtls/dtls-peer "$mbed" "$wolf" "$pion"
