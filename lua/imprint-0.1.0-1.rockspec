-- From a checkout: luarocks --lua-version 5.4 make lua/imprint-0.1.0-1.rockspec
-- What meson builds for itself is what is installed; its dependencies are C
-- libraries, by their names in pkg-config.
rockspec_format = "3.0"
package = "imprint"
version = "0.1.0-1"
source = { url = "git+file://." } -- of a checkout only: it is published nowhere
description = {
	summary = "The security setup of devices: both sides of each protocol, and layers in Lua",
	license = "Apache-2.0",
}
supported_platforms = { "unix" }
dependencies = { "lua >= 5.4, < 5.5" }
build = {
	type = "command",
	build_command = "test -d build-rock || meson setup build-rock --buildtype=release && ninja -C build-rock lua/imprint.so",
	install_command = "install -D -m 755 build-rock/lua/imprint.so $(LIBDIR)/imprint.so",
}
