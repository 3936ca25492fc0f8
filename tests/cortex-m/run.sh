#!/bin/sh
# run.sh -- core, protocols and BearSSL for Cortex-M: they build without a
# warning, are as small as promised, and run under qemu.  TAP; the sizes go to
# build-cortex-m/numbers.json for the README's table.
set -eu
cd "$(dirname "$0")/../.."
here=tests/cortex-m out=build-cortex-m
cross=arm-none-eabi-
n=0 failed=0
mkdir -p $out
: >$out/why

ok() { # ok CLAIM RC
	n=$((n + 1))
	if [ "$2" = 0 ]; then echo "ok $n - $1"; return; fi
	echo "not ok $n - $1"
	head -n 30 $out/why | sed 's/^/# /'
	failed=1
}

# One object per file, only if it is older than what it was made of.
compile() { # compile DIR FLAGS FILES...
	dir=$out/$1 flags=$2
	shift 2
	mkdir -p "$dir"
	for f in "$@"; do
		o=$dir/$(echo "$f" | tr / _ | sed 's/c$/o/')
		[ "$o" -nt "$f" ] && [ -z "$(find abi core plugins tests/*.h $here -name '*.h' -newer "$o")" ] || echo "$f $o"
	done >$out/todo
	xargs -r -P 2 -L 1 sh -c 'exec '"$cross"'gcc '"$flags"' -c "$0" -o "$1"' <$out/todo
}

claim() { # claim CLAIM COMMAND...: it succeeds
	text=$1
	shift
	rc=0
	"$@" >$out/why 2>&1 || rc=$?
	[ ! -s $out/why ] || rc=1 # a warning
	ok "$text" $rc
}

retell() { # retell FILE PREFIX: claims that something else printed
	while read -r line; do
		: >$out/why
		case $line in
		'ok '*) ok "$2${line#*- }" 0 ;;
		'not ok '*) ok "$2${line#*- }" 1 ;;
		'#'*) echo "$line" ;;
		esac
	done <"$1"
}

# --- sources ------------------------------------------------------------------

fetch() {
	$here/source libcbor $out/src bookworm trixie && $here/source bearssl $out/src bookworm
}
if ! fetch >$out/why 2>&1; then
	sed 's/^/# /' $out/why
	echo "ok 1 - Cortex-M # SKIP Debian's archive did not give the sources of libcbor and BearSSL"
	echo "1..1"
	exit 0
fi
mkdir -p $out/inc/cbor # what libcbor's CMake would have written
[ -f $out/inc/cbor/configuration.h ] || {
	echo '#define CBOR_EXPORT' >$out/inc/cbor/cbor_export.h
	version=$(sed -n 's/^SET(CBOR_VERSION_\([A-Z]*\) "\([0-9]*\)")/s,\${CBOR_VERSION_\1},\2,;/p' $out/src/libcbor/CMakeLists.txt)
	sed -e "$version" -e 's/\${CBOR_RESTRICT_SPECIFIER}/restrict/; s/\${CBOR_INLINE_SPECIFIER}//; s/\${CBOR_[A-Z_]*}/1/; s/#cmakedefine01 \(.*\)/#define \1 0/' \
		$out/src/libcbor/src/cbor/configuration.h.in >$out/inc/cbor/configuration.h
}

base="--specs=picolibc.specs -std=c11 -mthumb -Os -g -ffunction-sections -fdata-sections"
libs="-I$out/inc -I$out/src/libcbor/src -isystem $out/src/bearssl/inc"
ours="$base -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Iabi -Icore -Iplugins -Iplugins/crypto -Iplugins/transport -Iplugins/protocol/fdo -I$here -Itests -Itests/fdo -I$here/posix"
ours="$ours $(echo "$libs" | sed 's/-I/-isystem /g')"
cbor_src="$out/src/libcbor/src/cbor/streaming.c $out/src/libcbor/src/cbor/encoding.c $out/src/libcbor/src/cbor/internal/loaders.c $out/src/libcbor/src/cbor/internal/encoders.c"
bear_src=$(find $out/src/bearssl/src -name '*.c' ! -path '*/ssl/*' ! -path '*/x509/*' ! -name '*x86*' ! -name '*pwr8*' ! -name '*sse2*' | sort)
core_src="abi/check.c $(ls core/*.c)"
plug_src=$(ls plugins/transport/*.c plugins/protocol/*/*.c plugins/crypto/bearssl*.c plugins/crypto/modn.c 2>/dev/null || :)

# --- Cortex-M4, for sizes -------------------------------------------------------------

m4="-mcpu=cortex-m4 -fcallgraph-info=su"
claim "core builds for Cortex-M4 without a warning" compile m4 "$m4 $ours" $core_src
claim "protocols, transports and BearSSL's provider too" compile m4 "$m4 $ours" $plug_src
claim "libcbor's streaming half builds" compile m4 "$m4 $base -w $libs" $cbor_src
claim "the FDO device alone builds" compile m4 "$m4 $ours" $here/roots.c
rooted() { # rooted LAYER: what the linker keeps for it
	${cross}gcc --specs=picolibc.specs -mcpu=cortex-m4 -mthumb -nostartfiles -Wl,--gc-sections,-e,"$1",-u,"$1" \
		-Wl,-Map,"$out/$1.map" $out/m4/*.o -o $out/root.elf
}
claim "... and links" rooted root_device
claim "a DTLS client with a pre-shared key links" rooted imp_dtls_psk_client
claim "a DTLS client with EC-JPAKE links" rooted imp_dtls_jpake_client
claim "the DPP enrollee alone links" rooted imp_dpp_enrollee
claim "the LwM2M client alone links" rooted root_lwm2m
claim "the mesh device alone links" rooted imp_btmesh_device
# --- the image: Cortex-M3 under qemu ------------------------------------------------

m3="-mcpu=cortex-m3"
claim "BearSSL builds for Cortex-M3" compile m3bear "$m3 $base -w $libs -I$out/src/bearssl/src -DBR_USE_UNIX_TIME=0 -DBR_USE_URANDOM=0 -DBR_USE_GETENTROPY=0" $bear_src
claim "the image builds" compile m3 "$m3 $ours" $core_src $plug_src $here/toys.c $here/board.c $here/image.c
claim "the tests' host builds for it" compile m3 "$m3 $ours -w -DT_VECTORS=\\\"tests/vectors\\\"" tests/toy.c tests/host.c tests/fdo/fdo-kit.c
claim "libcbor builds for it" compile m3 "$m3 $base -w $libs" $cbor_src
rm -f $out/bear.a
${cross}ar rc $out/bear.a $out/m3bear/*.o
link() { # link IMAGE RAM SIZE OBJECTS...
	image=$1 ram=$2 size=$3
	shift 3
	${cross}gcc --specs=picolibc.specs --crt0=semihost --oslib=semihost $m3 -mthumb -Wl,--gc-sections \
		-Wl,--defsym=__flash=0,--defsym=__flash_size=4M,--defsym=__ram=$ram,--defsym=__ram_size=$size,--defsym=__stack_size=64K \
		"$@" $out/bear.a -o "$out/$image.elf"
}
claim "it links" link image 0x20000000 4M $out/m3/*.o
run() { # run IMAGE [,arg=...]
	timeout 300 qemu-system-arm -M mps2-an385 -cpu cortex-m3 -nographic -monitor none -serial none \
		-semihosting-config "enable=on,target=native${2-}" -kernel "$out/$1.elf" >"$out/$1.out" 2>&1
}
rc=0
run image || rc=$?
retell $out/image.out "qemu: "
cp $out/image.out $out/why
ok "qemu-system-arm -M mps2-an385 ran the image to its end, exit $rc" $rc
rc=0
for o in $out/m4/abi_*.o $out/m4/core_*.o $out/m4/plugins_*.o; do
	${cross}nm -u "$o" | grep -wE 'malloc|calloc|realloc|free|_?sbrk' | sed "s,\$, in $o,"
done >$out/why
[ ! -s $out/why ] || rc=1
ok "0 allocations: $(ls $out/m4/abi_*.o $out/m4/core_*.o $out/m4/plugins_*.o | wc -l) objects know no allocator" $rc

# --- the vectors of tests/crypto.c on the same machine --------------------------------

claim "the crypto vectors build" compile m3crypto "$m3 $ours"' -DT_VECTORS=\"tests/vectors\"' tests/crypto.c $here/crypto.c
claim "they link" link crypto 0x21000000 16M $out/m3crypto/*.o $out/m3/core_*.o $out/m3/plugins_crypto_*.o $out/m3/build-cortex-m_src_libcbor_*.o
rc=0
run crypto ,arg=tests/vectors/crypto.txt || rc=$?
grep -a '^not ok' $out/crypto.out >$out/why || tail -n 3 $out/crypto.out >$out/why
ok "qemu: $(grep -a '^ok' $out/crypto.out | grep -vc ' # SKIP') rows of the crypto vectors by BearSSL, exit $rc" $rc

# --- numbers ----------------------------------------------------------------------

rc=0
python3 $here/sizes.py $out >$out/sizes.tap 2>&1 || rc=$?
retell $out/sizes.tap ""
[ $rc = 0 ] || { cp $out/sizes.tap $out/why; ok "the sizes were measured" 1; }
echo "1..$n"
exit $failed
