#!/bin/sh
# dpp.sh -- imprint against Debian's wpa_supplicant, Wi-Fi Easy Connect over TCP (TAP).  It
# listens on every address, so both run in a network namespace of their own.
set -u
cd "$(dirname "$0")/../.."
venv=build/interop/imprint
log=build/interop/dpp.log
mkdir -p build/interop

ours() { python3 -m venv $venv && $venv/bin/pip install --disable-pip-version-check .; }
namespace() { unshare -n true 2>/dev/null && echo "unshare -n" || { unshare -rn true 2>/dev/null && echo "unshare -rn"; }; }

if ! command -v wpa_supplicant >/dev/null; then
	echo "ok - wpa_supplicant # SKIP it is not installed"
elif [ -z "$(namespace)" ]; then
	echo "ok - wpa_supplicant # SKIP no network namespace may be made here, and it would listen on every address"
elif ! ours >$log 2>&1; then
	tail -n 20 $log | sed 's/^/# /'
	echo "not ok - our Python package builds"
else
	exec $(namespace) sh -c 'ip link set lo up && exec "$0" tests/interop/dpp.py' $venv/bin/python
fi
