#!/bin/sh
# fuzz.sh -- the fuzz targets, clang with ASan and UBSan.
#   fuzz.sh                    lists them
#   fuzz.sh TARGET [SECONDS]   runs one (60 s), keeps what it finds
#   fuzz.sh --all              TAP: each for a fixed number of inputs
set -eu
cd "$(dirname "$0")/.."
RUNS=20000   # inputs per target of --all ...
BUDGET=12    # ... but no longer than so many seconds
dir=build-asan

prepare() {
	mkdir -p $dir
	[ -f $dir/build.ninja ] || CC=clang meson setup $dir -Dwerror=true -Db_sanitize=address,undefined >$dir/setup.log 2>&1 || { cat $dir/setup.log >&2; exit 1; }
	ninja -C $dir >$dir/ninja.log 2>&1 || { tail -n 60 $dir/ninja.log >&2; exit 1; }
}

targets() { for f in $dir/fuzz/fuzz-*; do [ -x "$f" ] && [ -f "$f" ] && basename "$f" | sed 's/^fuzz-//'; done; }

fuzz() { # fuzz TARGET LIBFUZZER-OPTIONS...: on its corpus and dictionary
	t=$1
	shift
	mkdir -p "$dir/corpus/$t" $dir/crash
	[ "$t" != stack ] || set -- -entropic=0 "$@" # so many features that weighing them costs ten times the runs
	[ ! -f "fuzz/dict/$t.dict" ] || set -- "$@" "-dict=fuzz/dict/$t.dict"
	set -- "$@" "$dir/corpus/$t"
	[ ! -d "fuzz/corpus/$t" ] || set -- "$@" "fuzz/corpus/$t"
	"$dir/fuzz/fuzz-$t" "-artifact_prefix=$dir/crash/$t-" -timeout=10 -rss_limit_mb=3000 "$@"
}

crash() { # crash LOG: where the input is, and how to see it again
	file=$(sed -n 's/.*Test unit written to \(.*\)/\1/p' "$1" | head -n 1)
	[ -z "$file" ] || printf '# crash: %s\n# reproduce: %s/fuzz/fuzz-%s %s\n' "$file" $dir "$2" "$file"
	grep -E 'ERROR|SUMMARY|runtime error' "$1" | head -n 5 | sed 's/^/# /'
}

one() { # one TARGET: a claim
	log=$dir/crash/$1.log
	mkdir -p $dir/crash
	rm -rf "$dir/corpus/$1" # the same seeds, the same run
	rc=0
	fuzz "$1" -seed=1 -runs=$RUNS -max_total_time=$BUDGET -print_final_stats=1 >"$log" 2>&1 || rc=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	seconds=$(sed -n 's/^Done [0-9]* runs in \([0-9]*\) second.*/\1/p' "$log")
	if [ $rc = 0 ]; then
		echo "ok - fuzz $1: ${runs:-?} inputs in ${seconds:-?} s, $(find "fuzz/corpus/$1" -type f 2>/dev/null | wc -l) seeds"
	else
		printf '%s\n' "not ok - fuzz $1: exit $rc after ${runs:-some} inputs
$(crash "$log" "$1")"
	fi
	return $rc
}

case ${1:-} in
--one)
	one "$2"
	;;
--all)
	prepare
	targets | xargs -P 2 -n 1 sh tests/fuzz.sh --one
	;;
-h | --help) sed -n '2,5s/^# *//p' tests/fuzz.sh ;;
'')
	prepare
	targets
	;;
*)
	prepare
	targets | grep -qx "$1" || { echo "imprint fuzz: no target is called $1; there are: $(targets | tr '\n' ' ')" >&2; exit 2; }
	rc=0
	fuzz "$1" "-max_total_time=${2:-60}" || rc=$?
	[ $rc = 0 ] || echo "the input is in $dir/crash; run $dir/fuzz/fuzz-$1 FILE to see it again" >&2
	exit $rc
	;;
esac
