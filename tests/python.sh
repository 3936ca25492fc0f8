#!/bin/sh
# python.sh -- the Python package as a user gets it: pip install . into a fresh venv, then its
# tests, its examples and its documentation, and the types of all of it.  TAP.
# PYTHON=...: another interpreter than python3
set -u
cd "$(dirname "$0")/.."
venv=build/python/venv
log=build/python/pip.log
export PIP_CONSTRAINT="$PWD/tests/python.txt" PIP_DISABLE_PIP_VERSION_CHECK=1
rm -rf build/python
mkdir -p build/python

claim() { # claim WHAT COMMAND...
	what=$1
	shift
	if "$@" >"$log" 2>&1; then
		echo "ok - $what"
	else
		echo "not ok - $what"
		tail -n 40 "$log" | sed 's/^/# /'
		return 1
	fi
}

typed() { (cd bindings/python && ../../$venv/bin/mypy --strict --cache-dir ../../build/python/mypy src/imprint examples tests conftest.py); }

claim "a fresh venv" "${PYTHON:-python3}" -m venv $venv || exit 1
claim "pip install . builds and installs the package" $venv/bin/pip install . || exit 1
claim "pytest and mypy" $venv/bin/pip install pytest mypy || exit 1
mv "$log" build/python/tools.log
PYTHONDONTWRITEBYTECODE=1 $venv/bin/python -P -m pytest --tap -p no:terminal -p no:cacheprovider bindings/python
rc=$?
claim "mypy --strict: the package, its tests and examples" typed || rc=1
exit $rc
