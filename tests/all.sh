#!/bin/sh
# all.sh -- everything CI runs; ends with "N passed, N failed, N skipped".
set -u
log=build/all.log
mkdir -p build
: >$log
failed=0
step() { # step NAME COMMAND...: its output is shown and kept
	name=$1; shift
	printf '== %s\n' "$name" | tee -a $log
	"$@" >build/step.log 2>&1
	rc=$?
	cat build/step.log | tee -a $log
	[ $rc = 0 ] || { printf 'not ok - %s (exit %s)\n' "$name" $rc | tee -a $log; }
}
[ -f build/build.ninja ] || meson setup build >/dev/null
step build ninja -C build
step unit meson test -C build --verbose
pass=$(grep -Ec '^(ok|[0-9/]+ +ok) ' $log); fail=$(grep -Ec '^not ok' $log); skip=$(grep -Ec '^ok .*# SKIP' $log)
printf '%s passed, %s failed, %s skipped\n' $((pass - skip)) "$fail" "$skip"
[ "$fail" = 0 ]
