#!/bin/sh
# go.sh -- the go command on this checkout, without installing imprint:
#   bindings/go/go.sh test ./...      (BUILD: another build directory of meson)
# Go rebuilds package low when the face has changed: its hash is a flag of C.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${BUILD:-$here/../../build}" && pwd)
export PKG_CONFIG_PATH="$build/meson-uninstalled${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
hash=$(cat "$build/bindings/libimprint_face.a" "$here/../face.h" "$here/../imprint.i" "$here/../../abi/imprint.h" | sha256sum | cut -c1-16)
export CGO_CFLAGS="-O2 -g -DIMP_FACE_HASH=0x$hash"
[ ! -x "$build/lua/imprint" ] || export IMPRINT="$build/lua/imprint"
cd "$here"
exec "${GO:-go}" "$@"
