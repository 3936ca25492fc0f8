#!/bin/sh
# launcher.sh -- ./imprint where it is hard: another directory, a symbolic link,
# spaces, nothing to do, a build or an installation that fails.  The tools that
# it calls are stand-ins.  TAP.  usage: launcher.sh LAUNCHER
set -u
launcher=$(readlink -f "$1")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

check() { # check CLAIM COMMAND...: does it hold?
	n=$((n + 1))
	claim=$1
	shift
	if "$@"; then echo "ok $n - $claim"; else
		echo "not ok $n - $claim"
		sed 's/^/# /' "$tmp/out" "$tmp/err"
		failed=1
	fi
}

stand_in() { # stand_in NAME: a program from standard input
	{ echo '#!/bin/sh'; cat; } >"$tmp/bin/$1"
	chmod +x "$tmp/bin/$1"
}

run() { # run DIRECTORY COMMAND...
	(cd "$1" && shift && PATH="$tmp/bin:$PATH" "$@") >"$tmp/out" 2>"$tmp/err" </dev/null
	rc=$?
}

says() { grep -q -- "$2" "$tmp/$1"; }
silent() { [ ! -s "$tmp/err" ]; }
ended() { [ $rc = "$1" ]; }
both() { ended "$1" && says "$2" "$3"; }

root="$tmp/a b's tree"
mkdir -p "$tmp/bin" "$root" "$tmp/else where"
cp "$launcher" "$root/imprint"
ln -s "$root/imprint" "$tmp/bin/link"
echo content >"$tmp/else where/file"
stand_in meson <<'END'
mkdir -p "$2" && : >"$2/build.ninja"
END
stand_in ninja <<'END'
case " $* " in *' -n '*) echo 'ninja: no work to do.'; exit ;; esac
[ ! -e build.broken ] || { echo 'error: no such thing'; exit 1; }
mkdir -p build/lua
printf '#!/bin/sh\n[ "$1" != fail ] || exit 7\n[ "$1" != show ] || cat "$2"\necho "ran: $*"\n' >build/lua/imprint
chmod +x build/lua/imprint
END
stand_in dpkg-query <<'END'
shift 3
for p; do echo "$p install ok installed"; done
END

run "$root" ./imprint help
check "help without a build: the words, nothing is built" both 0 out '\./imprint demo'
run "$tmp/else where" "$root/imprint" show file
check "the first run builds and runs, files are named from where the user stands" both 0 out content
check "and says that it builds" says err building
run "$tmp/else where" "$root/imprint" show file
check "the second run says nothing of its own" silent
check "and runs" both 0 out 'ran: show file'
run "$tmp/else where" link show file
check "through a symbolic link in PATH" both 0 out content
check "nothing is built beside the link" test ! -e "$tmp/bin/build"
run "$tmp/else where" link fail
check "the command's exit code is the launcher's" ended 7
run "$root" ./imprint help policy
check "help WORD is the command's" both 0 out 'ran: help policy'
rm -rf "$root/build"
: >"$tmp/bin/build.broken"
: >"$root/build.broken"
run "$root" ./imprint list
check "a build that fails: its words, exit 1" both 1 err 'no such thing'
stand_in dpkg-query <<'END'
exit 1
END
stand_in id <<'END'
echo 0
END
stand_in apt-get <<'END'
exit 100
END
run "$root" ./imprint list
check "an installation that fails: what is missing, exit 1" both 1 err 'could not install: gcc'
for word in test fuzz bench; do
	case $word in bench) script=bench/bench.py ;; test) script=all.sh ;; *) script=$word.sh ;; esac
	mkdir -p "$root/tests/bench"
	cp "$(dirname "$launcher")/tests/$script" "$root/tests/$script"
	run "$tmp/else where" "$root/imprint" $word --help
	check "$word --help installs and builds nothing" both 0 out "$word"
done
echo "1..$n"
exit $failed
