-- label.lua -- what is printed on a device: text and QR code, for a terminal,
-- as SVG or as PNG
local imp = require "imprint"
local U = require "cmd.util"
local D = require "cmd.fdo"
local Facts = require "cmd.facts"

local L = {}

L.help = [[
usage: imprint label DEVICE.db [options]
       imprint label --text TEXT [options]
The label of a device (what its owner can know of it beforehand), with a QR code:
fdo: GUID, serial number, device info; dpp: its bootstrapping URI; btmesh: uuid;
thread: EUI-64 and PSKd.
  --text TEXT     a label that says this
  --host HOST:PORT  dpp: where the device can be reached
  --info TEXT     dpp: what the URI says of the device, beside its key
  --static HEX    btmesh: its static OOB, which the label tells whoever reads it
  --svg FILE      also as a drawing, 25 mm wide
  --png FILE      also as a picture, without the text
  --scale N       pixels for a module of the PNG        (8)
  --seal FILE     32 bytes: the key of the device's memory]]

local options = { text = "a text", host = "HOST:PORT", info = "a text", static = "hex", svg = "a file", png = "a file", scale = "a number", seal = "a file" }

local QUIET = 4 -- modules around the code

-- What a store says ----------------------------------------------------------

local function of_fdo(store)
	local c = store:ask("device", { topic = "voucher", name = "fdo.credential" })
	if not c then return end
	local s, v = store:ask("device", { topic = "identity", name = "serial" }), imp.decode(c.data)
	return D.label_text(U.hex(v[4]), s and s.data or "", v[3])
end

local function of_dpp(store, opt)
	if not store:ask("device", { topic = "key", name = "dpp.bootstrap" }) then return end
	local loop, uri = imp.loop(), nil
	local facts
	facts = Facts.new { loop = loop, store = store, subject = "device", role = "device", manifest = Facts.manifest_of("imp.dpp"), say = function() end, hooks = {
		ask = function(m)
			if m.topic == "config" and m.name == "dpp.uri" then return { code = 0, data = imp.encode { host = opt.host, info = opt.info } } end
		end,
		tell = function(m)
			uri = uri or m.topic == "show" and m.data or nil
			loop:stop()
		end } }
	require("cmd.dpp").own_uri(loop, "device", function(m) facts:heard(m) end)
	loop:after(5000, function() loop:stop() end)
	loop:run()
	return uri
end

local function of_btmesh(store, opt)
	local u = store:ask("device", { topic = "identity", name = "btmesh.uuid" })
	return u and "BTMESH:" .. U.hex(u.data) .. (opt.static and ";S:" .. opt.static:lower() or "")
end

local function of_thread(store)
	local eui, key = store:ask("device", { topic = "identity", name = "thread.eui64" }), store:ask("device", { topic = "key", name = "thread.pskd" })
	return eui and key and require("cmd.thread").label(eui.data, key.data:sub(17))
end

local function text_of(path, opt)
	local store = Facts.existing(path, opt.seal)
	local text = of_fdo(store) or of_dpp(store, opt) or of_btmesh(store, opt) or of_thread(store)
	store:close()
	if not text then U.fail("%s: is no device's memory: no credential, no bootstrapping key, no uuid, no PSKd", path) end
	return text
end

-- Pictures ---------------------------------------------------------------------

local function escape(s) return (s:gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" })) end

local function svg(text)
	local width, modules = imp.qr_modules(text)
	local all, path, lines = width + 2 * QUIET, {}, {}
	for y = 0, width - 1 do
		for x = 0, width - 1 do
			if modules:byte(y * width + x + 1) == 49 then path[#path + 1] = ("M%d %dh1v1h-1z"):format(x + QUIET, y + QUIET) end
		end
	end
	for at = 1, #text, 40 do lines[#lines + 1] = text:sub(at, at + 39) end
	local height = all + 2 * #lines
	local out = { ('<svg xmlns="http://www.w3.org/2000/svg" width="25mm" height="%.2fmm" viewBox="0 0 %d %d">'):format(25 * height / all, all, height),
		('<rect width="%d" height="%d" fill="#fff"/><path d="%s"/>'):format(all, height, table.concat(path)) }
	for i, line in ipairs(lines) do
		out[#out + 1] = ('<text x="%d" y="%.1f" font-family="monospace" font-size="1.4">%s</text>'):format(QUIET, all + 2 * i - 1.5, escape(line))
	end
	return table.concat(out, "\n") .. "\n</svg>\n"
end

local crcs = {}
for i = 0, 255 do
	local c = i
	for _ = 1, 8 do c = c & 1 == 1 and c >> 1 ~ 0xedb88320 or c >> 1 end
	crcs[i] = c
end

local function chunk(name, data)
	local c = 0xffffffff
	for i = 1, #name + #data do c = crcs[(c ~ (i <= #name and name:byte(i) or data:byte(i - #name))) & 255] ~ c >> 8 end
	return (">s4"):pack(data):sub(1, 4) .. name .. data .. (">I4"):pack(c ~ 0xffffffff)
end

-- zlib's format, nothing compressed.
local function stored(data)
	local out, a, b = { "\x78\x01" }, 1, 0
	for at = 1, #data, 65535 do
		local part = data:sub(at, at + 65534)
		out[#out + 1] = ("<I1I2I2"):pack(at + 65534 >= #data and 1 or 0, #part, #part ~ 0xffff) .. part
	end
	for i = 1, #data do
		a = (a + data:byte(i)) % 65521
		b = (b + a) % 65521
	end
	return table.concat(out) .. (">I4"):pack(b << 16 | a)
end

-- One bit a pixel: 1 is white.
local function png(text, scale)
	local width, modules = imp.qr_modules(text)
	local all = (width + 2 * QUIET) * scale
	local rows = {}
	for y = -QUIET, width + QUIET - 1 do
		local bits = {}
		for x = -QUIET, width + QUIET - 1 do
			local dark = x >= 0 and x < width and y >= 0 and y < width and modules:byte(y * width + x + 1) == 49
			bits[#bits + 1] = (dark and "0" or "1"):rep(scale)
		end
		local row = (table.concat(bits) .. ("0"):rep(-all % 8)):gsub(("."):rep(8), function(b) return string.char(tonumber(b, 2)) end)
		rows[#rows + 1] = ("\0" .. row):rep(scale)
	end
	return "\x89PNG\r\n\x1a\n" .. chunk("IHDR", (">I4I4I1I1I1I1I1"):pack(all, all, 1, 0, 0, 0, 0)) .. chunk("IDAT", stored(table.concat(rows))) .. chunk("IEND", "")
end

-- For a terminal.
function L.show(text)
	local qr = imp.qr(text)
	if not qr then U.fail("%d bytes are too many for a QR code", #text) end
	if U.colour then qr = qr:gsub("[^\n]+", "\27[97;40m%0\27[0m") end
	return qr .. text .. "\n"
end

function L.run(args)
	local opt, rest = U.options(args, options, "label")
	if opt.help then return print(L.help) end
	if rest[2] or (rest[1] ~= nil) == (opt.text ~= nil) then U.usage("label takes a device's store, or --text TEXT") end
	if opt.static and (not U.unhex(opt.static) or #opt.static < 2 or #opt.static > 64) then U.usage("--static is 1 to 32 bytes in hex, not '%s'", opt.static) end
	local text, scale = opt.text or text_of(rest[1], opt), U.number(opt, "scale", 1, 64) or 8
	local shown = L.show(text)
	if opt.svg then U.write(opt.svg, svg(text)) end
	if opt.png then U.write(opt.png, png(text, scale)) end
	io.write(shown)
end

return L
