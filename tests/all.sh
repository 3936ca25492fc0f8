#!/bin/sh
# all.sh -- everything that CI runs; the last line counts the claims.
set -u
cd "$(dirname "$0")/.."
ALL="unit demo werror asan memcheck fuzz nomalloc abi cortex-m embed interop python go bench readme"
logs=build/test

about() {
	cat <<END
./imprint test [NAME...]: all of it, or the parts named:
  unit      the build and its tests
  demo      ./imprint demo: its story, its data, its time
  werror    gcc, optimized: no warning
  asan      clang with ASan and UBSan: no warning, the same tests
  memcheck  parsers and protocols under valgrind: nothing uninitialized is used
  fuzz      every fuzz target for a fixed number of inputs
  nomalloc  core and protocols: no heap, no I/O, no clock, no changing globals
  abi       imprint.h against its baseline; breaks are seen, appends are not
  cortex-m  cross build, sizes, stack, a run under qemu
  embed     installed: a product by make, a program by CMake, a rock, Zephyr, ESP-IDF
  interop   peers that nobody here wrote
  go        the Go module: its tests under the race detector, its example
  python    pip install . into a fresh venv; its tests, examples and types
  bench     every benchmark runs and its ratios hold
  readme    the README's table is current; every code block of the docs compiles or runs
Logs: $logs/NAME.log; the last line counts the claims.
END
}

bold() { if [ -t 1 ]; then printf '\033[1m== %s\033[0m\n' "$*"; else printf '== %s\n' "$*"; fi; }

quietly() { # quietly LOG COMMAND...: output only if it fails
	log=$1
	shift
	"$@" >"$log" 2>&1 || { rc=$?; tail -n 60 "$log"; return $rc; }
}

configured() { # configured DIR OPTIONS...: set up once, and again when packages have come since
	dir=$1
	shift
	if [ ! -f "$dir/build.ninja" ]; then
		quietly $logs/setup.log meson setup "$dir" "$@"
	elif [ /var/lib/dpkg/status -nt "$dir/build.ninja" ]; then
		quietly $logs/setup.log meson setup --reconfigure "$dir"
	fi
}

built() { # built CLAIM DIR: and say so in TAP
	if quietly $logs/ninja.log ninja -k 0 --quiet -C "$2"; then echo "ok - $1"; else echo "not ok - $1"; return 1; fi
}

tested() { # tested DIR MESON-OPTIONS...: run its tests, claims to the log
	dir=$1
	shift
	rm -f "$dir"/meson-logs/testlog*.json
	meson test -C "$dir" --no-rebuild --print-errorlogs "$@" | sed -un '/^ *[0-9]*\/[0-9]* /p'
	python3 tests/tap.py "$dir"/meson-logs/testlog*.json $logs/$part.log
}

run_unit() {
	configured build && built "the build" build && tested build
}

run_demo() {
	configured build && built "the build" build && python3 tests/demo.py
}

run_werror() {
	configured build-release -Dwerror=true -Dbuildtype=release && built "gcc, release: not one warning" build-release
}

run_asan() {
	CC=clang configured build-asan -Dwerror=true -Db_sanitize=address,undefined &&
		built "clang with ASan and UBSan: not one warning" build-asan &&
		UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 tested build-asan --timeout-multiplier 6 --no-suite story
}

# ASan and UBSan do not see what was never written.
run_memcheck() {
	configured build && built "the build" build &&
		tested build --wrap 'valgrind -q --error-exitcode=99' --timeout-multiplier 20 --suite memcheck
}

run_fuzz() {
	sh tests/fuzz.sh --all
}

run_nomalloc() {
	configured build && built "the build" build && sh tests/nomalloc.sh build
}

run_abi() {
	configured build && built "the build" build && sh tests/abi.sh
}

scripts() { # scripts DIR WHAT: each script there prints TAP
	found=
	for s in "$1"/*.sh; do
		[ -f "$s" ] || continue
		found=1
		sh "$s" || echo "# $s: exit $?"
	done
	[ -n "$found" ] || echo "ok - $2 # SKIP $1 has no script yet"
}

run_cortex_m() { scripts tests/cortex-m "Cortex-M"; }

run_go() {
	configured build && built "the build" build && sh tests/go.sh
}

run_embed() {
	configured build-release -Dwerror=true -Dbuildtype=release && built "the release build" build-release && sh tests/embed/run.sh build-release
}

run_interop() {
	configured build && built "the build" build && scripts tests/interop "real peers"
}

run_python() { sh tests/python.sh; }

run_bench() { python3 tests/bench/bench.py --check; }

run_readme() {
	rc=0
	python3 tests/bench/table.py --check || rc=1
	configured build && built "the build" build && python3 tests/readme.py build && return $rc
}

skips() { # skips PART: each reason, how many claims it skipped, the first of them
	sed -n 's/^ok[ 0-9]*- \(.*\) # SKIP \(.*\)/\2\t\1/p' "$logs/$1.log" | awk -F '\t' -v part="$1" '
		!($1 in n) { first[$1] = $2; order[++reasons] = $1 }
		{ n[$1]++ }
		END { for (i = 1; i <= reasons; i++) printf "%s: skipped %d: %s (%s%s)\n", part, n[order[i]], order[i], first[order[i]], (n[order[i]] > 1 ? ", ..." : "") }'
}

count() { grep -cE "$1" "$2" || :; }

# Run one part; its output is shown and kept.  An end without a claim that
# says why is a failed claim.
part() {
	part=$1
	log=$logs/$part.log
	from=$(date +%s)
	bold "$part"
	: >"$log"
	{ "run_$(echo "$part" | tr - _)" 2>&1; echo $? >$logs/rc; } | tee -a "$log"
	rc=$(cat $logs/rc)
	if [ "$rc" != 0 ] && ! grep -q '^not ok' "$log"; then
		echo "not ok - $part: exit $rc, see $log" | tee -a "$log"
	fi
	n=$(count '^(ok|not ok)' "$log") f=$(count '^not ok' "$log") s=$(count '^ok.*# SKIP' "$log")
	printf -- '-- %s: %s passed, %s failed, %s skipped, %s s\n' "$part" $((n - f - s)) "$f" "$s" $(($(date +%s) - from))
	passed=$((passed + n - f - s)) failed=$((failed + f)) skipped=$((skipped + s))
}

case ${1:-} in -h | --help) about; exit 0 ;; esac
for name in "$@"; do
	case " $ALL " in *" $name "*) ;; *) echo "imprint test: no part is called $name" >&2; about >&2; exit 2 ;; esac
done
mkdir -p $logs
passed=0 failed=0 skipped=0
for name in ${*:-$ALL}; do
	part "$name"
done
if [ $((failed + skipped)) != 0 ]; then
	bold "failed and skipped"
	for name in ${*:-$ALL}; do
		sed -n "s/^not ok/$name: not ok/p" "$logs/$name.log"
		skips "$name"
	done
fi
if [ $skipped != 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ $failed = 0 ]
