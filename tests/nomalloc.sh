#!/bin/sh
# nomalloc.sh BUILD -- core, abi/check.c, protocols and transports call nothing
# but each other and a short list, and own no byte that changes.  TAP.
set -eu
cd "$(dirname "$0")/.."
build=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0 failed=0

# Pure functions of C, libcbor's streaming half (the rest of it allocates), and
# what the compiler adds.
ALLOWED='mem(cpy|move|set|cmp|chr)|str(len|n?cmp|chr)|cbor_(stream_decode|encode_[a-z0-9_]*)|cbor_empty_callbacks|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__(ubsan|asan|sanitizer)_[a-z0-9_]*'

objects() { find "$build/core/libimprint_core.a.p" "$build/plugins/protocol" "$build/plugins/transport" -name '*.o' | sort; }

claim() { # claim TEXT FILE: holds if FILE is empty
	n=$((n + 1))
	if [ -s "$2" ]; then
		echo "not ok $n - $1"
		sed 's/^/# /' "$2"
		failed=1
	else
		echo "ok $n - $1"
	fi
}

objects >"$tmp/objects"
nm --defined-only $(cat "$tmp/objects") | awk 'NF == 3 { print $3 }' | sort -u >"$tmp/own"
for o in $(cat "$tmp/objects"); do
	nm -u "$o" | awk -v o="$o" '{ print $2, o }'
done | sort -u | awk 'NR == FNR { own[$1]; next } !($1 in own)' "$tmp/own" - | grep -vE "^($ALLOWED) " >"$tmp/foreign" || :
claim "$(wc -l <"$tmp/objects") objects call nothing foreign: no heap, no I/O, no clock" "$tmp/foreign"
for o in $(cat "$tmp/objects"); do
	size -A "$o" | awk -v o="$o" '$1 ~ /^\.(data|bss|tdata|tbss)/ && $1 !~ /^\.data\.rel\.ro/ && $2 { print $1, $2, "bytes in", o }'
done >"$tmp/writable"
claim "0 bytes of .data and .bss" "$tmp/writable"
printf 'extern void *malloc(unsigned long); void *f(void); static int g = 1; void *f(void) { return malloc((unsigned long)g++); }\n' | gcc -O1 -w -c -x c - -o "$tmp/bad.o"
: >"$tmp/blind"
nm -u "$tmp/bad.o" | awk '{ print $2 }' | grep -vE "^($ALLOWED)$" | grep -q malloc || echo "malloc was not seen" >>"$tmp/blind"
size -A "$tmp/bad.o" | awk '$1 ~ /^\.data/ && $2 { found = 1 } END { exit !found }' || echo ".data was not seen" >>"$tmp/blind"
claim "the proof sees an object that does both" "$tmp/blind"
echo "1..$n"
exit $failed
