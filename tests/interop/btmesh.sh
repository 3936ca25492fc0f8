#!/bin/sh
# btmesh.sh -- imprint against Debian's bluetooth-meshd (TAP): builds the shim of
# btmesh/ and runs btmesh.py on a bus and sockets of its own.
set -u
cd "$(dirname "$0")/../.."

skip() {
	echo "ok 1 - bluetooth-meshd # SKIP $1"
	echo 1..1
	exit 0
}

[ -x /usr/libexec/bluetooth/bluetooth-meshd ] || skip "Debian's bluez-meshd is not installed"
command -v dbus-daemon >/dev/null || skip "there is no dbus-daemon"
/usr/bin/python3 -c 'import dbus, gi' 2>/dev/null || skip "Debian's python3-dbus and python3-gi are not installed"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cc -O1 -w -shared -fPIC -o "$dir/shim.so" tests/interop/btmesh/shim.c -lcrypto -ldl || exit 1
/usr/bin/python3 tests/interop/btmesh.py "$PWD/build/tests/btmesh/mesh-peer" "$dir/shim.so" "$dir"
