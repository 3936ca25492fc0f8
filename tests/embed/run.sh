#!/bin/sh
# run.sh BUILD -- imprint as others build with it (TAP): what `meson install` puts
# where, a product by a Makefile, a program by CMake, a rock of Lua's, and the
# sources as Zephyr's and ESP-IDF's build systems take them.
set -u
cd "$(dirname "$0")/../.."
build=$PWD/${1:-build-release} here=tests/embed out=$PWD/build-embed
n=0 failed=0
rm -rf "$out"
mkdir -p "$out"

ok() { # ok CLAIM RC: $out/why says why
	n=$((n + 1))
	if [ "$2" = 0 ]; then echo "ok $n - $1"; return; fi
	echo "not ok $n - $1"
	tail -n 25 "$out/why" | sed 's/^/# /'
	failed=1
}

claim() { # claim CLAIM COMMAND...: it succeeds
	text=$1 rc=0
	shift
	"$@" >"$out/why" 2>&1 || rc=$?
	ok "$text" $rc
}

skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }

# --- meson install -------------------------------------------------------------

root=$out/root
claim "meson install" env DESTDIR="$root" meson install -C "$build" --no-rebuild
lib=$(dirname "$(find "$root" -name libimprint.a)")
usr=${lib%/lib/*}
for f in include/imprint.h include/imprint/fdo.h bin/imprint share/man/man1/imprint.1 share/bash-completion/completions/imprint.bash \
	share/zsh/site-functions/_imprint lib/lua/5.4/imprint.so; do
	claim "installed: $f" test -s "$usr/$f"
done
for f in libimprint.a libimprint.so pkgconfig/imprint.pc; do claim "installed: $f" test -s "$lib/$f"; done

headers_whole() { # every public layer and provider has its header there
	for h in $(grep -lE '^extern const imp_(layer|crypto|plugin) ' plugins/crypto/crypto.h plugins/transport/*.h plugins/protocol/*/*.h); do
		[ -f "$usr/include/imprint/$(basename "$h")" ] || { echo "$h is not installed"; return 1; }
	done
	for h in "$usr"/include/imprint/*.h; do
		echo "#include <imprint/$(basename "$h")>" | gcc -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$usr/include" -xc - || return 1
	done
}
claim "every plugin's header is installed, and compiles alone" headers_whole
if command -v man >/dev/null; then
	page() { man --warnings -l "$usr/share/man/man1/imprint.1" >"$out/page" 2>"$out/why" && [ ! -s "$out/why" ] && grep -q "serve" "$out/page"; }
	rc=0; page || rc=1
	ok "the manual page formats without a warning, $(wc -l <"$out/page") lines" $rc
else
	skip "the manual page formats" "man is not installed"
fi
completes() { # completes WANT WORDS...: what bash offers for the last of them
	want=$1
	shift
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _imprint; printf "%s\n" "${COMPREPLY[@]}"' bash \
		"$usr/share/bash-completion/completions/imprint.bash" imprint "$@" | grep -qx -- "$want"
}
claim "bash completes a word" completes serve se
claim "... a protocol" completes fdo serve f
claim "... an option" completes --policy serve fdo --pol
claim "... a topic of help" completes ticket help tick
if command -v zsh >/dev/null; then claim "zsh reads its completion" zsh -n "$usr/share/zsh/site-functions/_imprint"; else skip "zsh reads its completion" "zsh is not installed"; fi

# --- a product, statically -------------------------------------------------------

mkdir -p "$root/usr/include" # of this sysroot; CMake looks whether it is there
export PKG_CONFIG_PATH="$lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
cp -r $here/make $here/cmake $here/product.c "$out/"
claim "a product builds by a plain Makefile" make -s -C "$out/make" product
claim "... and runs" "$out/make/product"
# Data symbols are layers, providers and plugins; these and no others are named.
named="imp_fdo_device imp_http imp_openssl"
nm -g --defined-only "$lib/libimprint.a" 2>/dev/null | awk '$2 ~ /^[RD]$/ && $3 ~ /^imp_/ { print $3 }' | sort -u >"$out/all"
others() {
	nm "$out/make/product" 2>/dev/null | awk '{ print $NF }' | sort -u >"$out/in"
	for s in imp_fdo imp_dtls imp_coap imp_dpp imp_bearssl imp_plugin_fdo; do grep -qx $s "$out/all" || { echo "$s is not in the library either"; return 1; }; done
	for s in $named; do grep -qx "$s" "$out/in" || { echo "$s is not there"; return 1; }; done
	comm -12 "$out/all" "$out/in" | grep -vxE "$(echo $named | tr ' ' '|')" | grep -E '^imp_' && return 1
	return 0
}
claim "the product has what it names ($named) and none of the other $(($(wc -l <"$out/all") - 3)) layers, providers and plugins" others
stranger() { touch "$out/product.c" && make -s -C "$out/make" product LDFLAGS=-Wl,-u,imp_dtls && ! others; }
claim "... and this check sees one that is linked without being named" stranger
claim "... whereupon it is built as before" sh -c "touch $out/product.c && make -s -C $out/make product"
needed() { readelf -d "$out/make/product" | grep NEEDED | grep -E 'sodium|uv|sqlite|lua' && return 1; return 0; }
claim "... and no library that only others need" needed

# --- a program, by CMake, through the shared library --------------------------------

if command -v cmake >/dev/null; then
	claim "CMake finds imprint" cmake -S "$out/cmake" -B "$out/cmake/build" -DCMAKE_BUILD_TYPE=Release
	claim "... builds a program with it" cmake --build "$out/cmake/build"
	claim "... which runs on the shared library" env LD_LIBRARY_PATH="$lib" "$out/cmake/build/tour"
else
	skip "CMake builds a program" "cmake is not installed"
fi

# --- Lua --------------------------------------------------------------------------

hello='print(require("imprint").session{stack = "fdo/http"}:feed{verb = "start"}[1].name)'
stock() { LUA_CPATH="$usr/lib/lua/5.4/?.so" lua5.4 -e "$hello" | grep -qx fdo.credential; }
rock() { (cd "$out" && LUA_CPATH="$out/rock/lib/lua/5.4/?.so" lua5.4 -e "$hello" | grep -qx fdo.credential); }
if command -v lua5.4 >/dev/null; then claim "what is installed is a module of a stock Lua" stock; else skip "a stock Lua" "lua5.4 is not installed"; fi
if command -v luarocks >/dev/null; then
	unset PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
	claim "luarocks makes a rock" luarocks --lua-version 5.4 --tree "$out/rock" make lua/imprint-0.1.0-1.rockspec
	claim "... and Lua takes it" rock
else
	skip "luarocks makes a rock" "luarocks is not installed"
fi

# --- embedded build systems -----------------------------------------------------------

# What the tree has for devices: all but hosts' files, whose folders are these.
git ls-files 'abi/*.c' 'core/*.c' 'plugins/*.c' 2>/dev/null | grep -vE '^abi/(load|template)\.c|^plugins/(all\.c|io/|store/|crypto/(fake|mux|openssl.*|pkcs11|sealed|sodium)\.c)' | sort >"$out/tree"
[ -s "$out/tree" ] || skip "the embedded builds' files are those of the tree" "this is no git checkout"
mkdir -p "$out/inc" # the host's headers of these two hold nothing of the host
ln -sf /usr/include/cbor.h /usr/include/cbor /usr/include/bearssl* "$out/inc/"

cross() { # cross WHAT COMPILER FLAGS DIR VARIABLE
	command -v "$2" >/dev/null || { skip "$1" "$2 is not installed"; return; }
	d=$out/$(basename "$4")-$2
	both() {
		cmake -S "$4" -B "$d" -DCMAKE_SYSTEM_NAME=Generic -DCMAKE_C_COMPILER="$2" -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY \
			-DCMAKE_C_FLAGS="$3 -std=c11 -Os -ffunction-sections -Wall -Wextra -Werror" -DIMPRINT_ROOT="$PWD" "-D$5=$out/inc" && cmake --build "$d" -j 2
	}
	claim "$1" both "$@"
	[ -s "$out/tree" ] || return
	find "$d" -path '*/imprint.dir/*' -name '*.c.o*' | sed -nE "s,^.*/imprint.dir/(.*/)?((abi|core|plugins)/.*\.c)\.o(bj)?\$,\2,p" | sort >"$out/compiled"
	claim "... every file of the tree that devices may need, $(wc -l <"$out/compiled")" diff "$out/tree" "$out/compiled"
}
if command -v cmake >/dev/null; then
	cross "Zephyr's module builds for a Cortex-M4" arm-none-eabi-gcc "--specs=picolibc.specs -mcpu=cortex-m4 -mthumb" $here/zephyr CONFIG_IMPRINT_INCLUDES
	cross "ESP-IDF's component builds for RISC-V (ESP32-C3)" riscv64-unknown-elf-gcc "--specs=picolibc.specs -march=rv32imc -mabi=ilp32" $here/esp-idf IMPRINT_REQUIRES
	cross "... for Xtensa, with picolibc's headers" xtensa-lx106-elf-gcc "-isystem /usr/lib/picolibc/arm-none-eabi/include -mlongcalls" $here/esp-idf IMPRINT_REQUIRES
else
	skip "Zephyr's module and ESP-IDF's component" "cmake is not installed"
fi
echo "1..$n"
exit $failed
