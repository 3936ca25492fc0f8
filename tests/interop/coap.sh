#!/bin/sh
# coap.sh -- our CoAP layer against libcoap (Debian) and aiocoap (PyPI): TAP.
set -u
cd "$(dirname "$0")/../.."
peers=$PWD/build/interop/aiocoap
mkdir -p build/interop
[ -x "$peers/bin/python" ] && "$peers/bin/python" -c 'import aiocoap' 2>/dev/null ||
	{ python3 -m venv "$peers" && "$peers/bin/pip" install --quiet aiocoap==0.4.17; } >build/interop/aiocoap.log 2>&1
exec python3 tests/interop/coap.py build/tests/coap/coap-peer "$peers/bin/python"
