#!/bin/sh
# abi.sh -- imprint.h against its recorded baseline abi/imprint.abi.
#   abi.sh            TAP: is the baseline current; are breaks seen, appends allowed
#   abi.sh --update   record the baseline anew (wants a higher IMP_REV)
set -eu
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

ok() { # ok CLAIM RC
	n=$((n + 1))
	if [ "$2" = 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; head -n 20 "$tmp/why" | sed 's/^/# /'; failed=1; fi
}

rev() { sed -n 's/^#define IMP_REV \([0-9]*\)u.*/\1/p' "$1"; }

record() { # record HEADER OUT: the ABI of this header as XML
	mkdir -p "$tmp/h"
	cp "$1" "$tmp/h/imprint.h"
	gcc -std=c11 -O1 '-D_Static_assert(a, b)=' -fPIC -fvisibility=hidden -I"$tmp/h" -c core/wipe.c -o "$tmp/wipe.o" # not a part of the ABI
	gcc -std=c11 -g -O0 -w '-D_Static_assert(a, b)=' -fPIC -shared -fvisibility=hidden -I"$tmp/h" tests/abi-surface.c abi/check.c abi/load.c core/session.c core/slab.c "$tmp/wipe.o" -o "$tmp/abi.so"
	abidw --exported-interfaces-only --no-show-locs --no-corpus-path --no-comp-dir-path --no-elf-needed --headers-dir "$tmp/h" --drop-private-types "$tmp/abi.so" >"$2"
	echo "<!-- IMP_REV $(rev "$1") -->" >>"$2"
}

# 0: nothing but what imprint.suppr allows; 1: a break; 2: abidiff failed.  The
# suppression judges insertions only, so members that moved or changed are
# looked for as well.
compatible() { # compatible OLD NEW
	rc=0
	abidiff --suppressions abi/imprint.suppr "$1" "$2" >"$tmp/why" 2>&1 || rc=$?
	[ $((rc & 3)) = 0 ] || return 2
	[ $rc = 0 ] || return 1
	abidiff --leaf-changes-only "$1" "$2" >"$tmp/why" 2>&1 || rc=$?
	[ $((rc & 3)) = 0 ] || return 2
	! grep -qE 'data member (change|deletion)' "$tmp/why"
}

try() { # try WANT CLAIM SED: does the header changed by SED pass?
	sed "$3" abi/imprint.h >"$tmp/tried.h"
	cmp -s abi/imprint.h "$tmp/tried.h" && { echo "the change did not apply: $3" >"$tmp/why"; ok "$2" 1; return; }
	record "$tmp/tried.h" "$tmp/tried.abi"
	got=0
	compatible "$tmp/now.abi" "$tmp/tried.abi" || got=$?
	rc=0
	[ $got = "$1" ] || rc=1
	ok "$2" $rc
}

record abi/imprint.h "$tmp/now.abi"
if [ "${1:-}" = --update ]; then
	old=$(sed -n 's/<!-- IMP_REV \([0-9]*\).*/\1/p' abi/imprint.abi 2>/dev/null || :)
	cmp -s "$tmp/now.abi" abi/imprint.abi && exit 0
	if [ -n "$old" ] && [ "$(rev abi/imprint.h)" -le "$old" ]; then
		echo "the ABI changed: raise IMP_REV above $old in abi/imprint.h first" >&2
		exit 1
	fi
	cp "$tmp/now.abi" abi/imprint.abi
	exit 0
fi

failed=0
: >"$tmp/why"
for t in $(sed -n 's/^} \(imp_[a-z]*\);.*/\1/p; s/^enum \(imp_[a-z_]*\) .*/\1/p' abi/imprint.h); do
	grep -q "surface_$t(" tests/abi-surface.c || echo "$t is not in tests/abi-surface.c" >>"$tmp/why"
done
[ -s "$tmp/why" ] && ok "abidw sees every type of imprint.h" 1 || ok "abidw sees every type of imprint.h" 0
sed -n 's/^\t\(imp_[a-z_]*\);$/\1/p' abi/imprint.map | sort >"$tmp/map"
nm -D --defined-only build/plugins/libimprint.so | sed -n 's/.* [A-Z] \(imp_[a-z_0-9]*\)@.*/\1/p' | sort >"$tmp/exported"
rc=0; diff "$tmp/map" "$tmp/exported" >"$tmp/why" || rc=1
ok "libimprint.so exports what imprint.map lists: $(wc -l <"$tmp/map") names" $rc
rc=0; diff abi/imprint.abi "$tmp/now.abi" >"$tmp/why" || { rc=1; echo "raise IMP_REV if the header changed, then tests/abi.sh --update" >>"$tmp/why"; }
ok "abi/imprint.abi is current, revision $(rev abi/imprint.h)" $rc
rc=0; compatible abi/imprint.abi "$tmp/now.abi" || rc=1
ok "abidiff: the header keeps to the baseline" $rc
try 1 "a field inserted into imp_cx is a break" 's/^	uint64_t now; /	uint64_t extra;\n&/'
try 1 "a field inserted into imp_crypto is a break" 's/^	const void \*data; /	int (*extra)(void);\n&/'
try 1 "a field that changes its type is a break" 's/^	int32_t  alg;   /	int64_t  alg;   /'
try 1 "two fields that change places are a break" '/^	uint32_t flags; .* IMP_KEY_/{h;d};/^	uint64_t slot;  .* with IMP_KEY_OPAQUE/G'
try 1 "a field appended to imp_msg is a break" 's/^} imp_msg;/	uint64_t extra;\n&/'
try 1 "an enumerator with a new number is a break" 's/IMP_EDENIED  = -3,/IMP_EDENIED  = -33,/'
try 1 "an enumerator that is removed is a break" 's/, IMP_M_URI, IMP_M_FILE/, IMP_M_URI/'
for s in layer manifest plugin; do
	try 0 "a field appended to imp_$s is allowed" "s/^} imp_$s;/	int (*extra)(void);\\n&/"
done
try 0 "a field appended to imp_crypto is allowed" 's/^	const void \*(\*extension)(const imp_crypto .*/&\n	int (*extra)(void);/'
try 0 "a field appended to imp_cx is allowed" 's/^	const void \*(\*extension)(imp_cx .*/&\n	int (*extra)(void);/'
try 0 "an enumerator appended is allowed" 's/	IMP_EOVER    = -13 /	IMP_EEXTRA   = -14,\n&/'
echo "1..$n"
exit $failed
