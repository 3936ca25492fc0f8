-- lwm2m.lua -- what hosts need to know of LwM2M bootstrap: credentials of files,
-- instances as OMA TLV, configurations of JSON, names of datagrams
local imp = require "imprint"
local U = require "cmd.util"
local J = require "cmd.json"
local B = require "cmd.btmesh"

local L = {}

local PSK, RAW, CERT, NOSEC = 0, 1, 2, 3
local modes = { psk = PSK, rpk = RAW, x509 = CERT, nosec = NOSEC }
L.formats = { ["senml-json"] = 110, ["senml-cbor"] = 112, tlv = 11542, cbor = 11544 }

-- Instances ------------------------------------------------------------------

local function integer(n)
	for _, form in ipairs { ">i1", ">i2", ">i4" } do
		local ok, s = pcall(string.pack, form, n)
		if ok then return s end
	end
	return string.pack(">i8", n)
end

local function resource(id, v)
	if v == nil then return "" end
	if type(v) == "boolean" then v = v and "\1" or "\0" end
	if math.type(v) == "integer" then v = integer(v) end
	local n = #v
	if n < 8 then return string.pack("BB", 0xc0 | n, id) .. v end
	return string.pack(n < 256 and ">BBB" or ">BBI2", n < 256 and 0xc8 or 0xd0, id, n) .. v
end

-- Resources by number, in their order.
function L.tlv(r)
	local ids, out = {}, {}
	for id in pairs(r) do ids[#ids + 1] = id end
	table.sort(ids)
	for i, id in ipairs(ids) do out[i] = resource(id, r[id]) end
	return table.concat(out)
end

-- An instance of the Security object (/0).
function L.security(s)
	return L.tlv { [0] = s.uri, [1] = s.bootstrap or false, [2] = s.mode, [3] = s.public or "", [4] = s.server or "", [5] = s.secret or "", [10] = s.ssid, [11] = s.hold, [12] = s.timeout }
end

-- Credentials --------------------------------------------------------------------

-- "IDENTITY=HEX"
function L.psk(text)
	local identity, hex = text:match("^(.+)=(%x+)$")
	local key = hex and U.unhex(hex)
	if not key or #key < 1 or #key > 64 or #identity > 128 then U.usage("--psk is IDENTITY=HEX, at most 128 and 1 to 64 bytes, not '%s'", text) end
	return identity, key
end

-- The certificates and public keys of a PEM file
function L.pem(path)
	local blocks, why, at = U.pem(U.read(path))
	if not blocks then U.fail("%s: offset %d: %s", path, at, why) end
	local list = {}
	for _, b in ipairs(blocks) do
		if b.label == "CERTIFICATE" or b.label == "PUBLIC KEY" then list[#list + 1] = b end
	end
	if not list[1] then U.fail("%s: offset 0: expected a CERTIFICATE or a PUBLIC KEY in PEM", path) end
	return list
end

-- --cert and --key: { raw=, chain={...}, private=DER }, or nil
function L.own(opt)
	if not opt.cert and not opt.key then return nil end
	if not opt.cert or not opt.key then U.usage("--cert and --key go together") end
	local own, blocks = { chain = {} }, L.pem(opt.cert)
	for i, b in ipairs(blocks) do own.chain[i] = b.bytes end
	own.raw = blocks[1].label == "PUBLIC KEY"
	local keys, why, at = U.pem(U.read(opt.key))
	if not keys then U.fail("%s: offset %d: %s", opt.key, at, why) end
	own.private = keys[1] and keys[1].bytes or ""
	own.key, why = imp.private(own.private)
	if not own.key then U.fail("%s: offset 0: %s", opt.key, why) end
	return own
end

L.flat = B.flat

-- Configurations -------------------------------------------------------------------

local function hex_of(path, s, name)
	local v = s[name]
	if v == nil then return nil end
	local bytes = type(v) == "string" and U.unhex(v)
	if not bytes then U.fail("%s: %s of %s is not hex", path, name, s.uri) end
	return bytes
end

local function number_of(path, s, name, low, high, default)
	local v = s[name]
	if v == nil then v = default end
	if math.type(v) ~= "integer" or v < low or v > high then U.fail("%s: %s of %s is not a number from %d to %d", path, name, s.uri, low, high) end
	return v
end

local function account(path, s, i, ops)
	if type(s) ~= "table" or type(s.uri) ~= "string" then U.fail("%s: server %d has no uri", path, i) end
	local mode = modes[s.mode or "nosec"]
	if not mode then U.fail("%s: mode of %s is not psk, rpk, x509 or nosec", path, s.uri) end
	local ssid = number_of(path, s, "ssid", 1, 65534)
	local identity = mode == PSK and s.identity or hex_of(path, s, "public")
	local security = { uri = s.uri, mode = mode, public = identity, server = hex_of(path, s, "server"), secret = hex_of(path, s, "key"), ssid = ssid }
	local server = { [0] = ssid, [1] = number_of(path, s, "lifetime", 0, 1 << 40, 86400), [6] = true, [7] = s.binding or "U" }
	ops[#ops + 1] = { op = "write", path = "/0/" .. i, tlv = imp.bytes(L.security(security)) }
	ops[#ops + 1] = { op = "write", path = "/1/" .. i - 1, tlv = imp.bytes(L.tlv(server)) }
end

local function operations(path, c)
	local ops = { { op = "delete", path = "/" } }
	if c.discover then table.insert(ops, 1, { op = "discover", path = "/" }) end
	if type(c.servers) ~= "table" or not c.servers[1] then U.fail("%s: there are no servers", path) end
	for i, s in ipairs(c.servers) do account(path, s, i, ops) end
	return ops
end

-- A file: { "servers": [...] } for everybody, and { "configurations": { NAME:
-- { "servers": [...] } } }.  Gives a function of a name.
function L.config(path)
	local c, why = J.decode(U.read(path, 1 << 20))
	if type(c) ~= "table" then U.fail("%s: %s", path, why or "expected an object") end
	local all, named = c.servers and operations(path, c), {}
	for name, one in pairs(c.configurations or {}) do named[name] = operations(path, one) end
	if not all and not next(named) then U.fail("%s: there are neither servers nor configurations", path) end
	return function(name) return named[name] or all end
end

-- Datagrams ------------------------------------------------------------------------

local handshakes = { [0] = "HelloRequest", "ClientHello", "ServerHello", "HelloVerifyRequest", [4] = "NewSessionTicket", [11] = "Certificate", [12] = "ServerKeyExchange", [13] = "CertificateRequest",
	[14] = "ServerHelloDone", [15] = "CertificateVerify", [16] = "ClientKeyExchange", [20] = "Finished" }
local contents = { [20] = "ChangeCipherSpec", [21] = "alert", [23] = "application data" }

local function dtls_records(d)
	local list, at = {}, 1
	while at <= #d do
		if #d - at + 1 < 13 then return nil end
		local kind, version, epoch, hi, lo, n = string.unpack(">BI2I2I2I4I2", d, at)
		if kind < 20 or kind > 23 or version ~= 0xfefd and version ~= 0xfeff or at + 12 + n > #d then return nil end
		local body = d:sub(at + 13, at + 12 + n)
		list[#list + 1] = { kind = kind, epoch = epoch, number = hi << 32 | lo, size = n, body = body, text = contents[kind] or epoch > 0 and "Finished" or handshakes[body:byte(1)] or "handshake" }
		at = at + 13 + n
	end
	return list[1] and list
end

-- What a DTLS datagram is: a name, and its records; nil: it is none.
function L.dtls(d)
	local records, names = dtls_records(d), {}
	for i, r in ipairs(records or {}) do names[i] = r.text end
	return records and "DTLS " .. table.concat(names, ", "), records
end

local methods = { "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH" }
local kinds = { [0] = "CON", "NON", "ACK", "RST" }

local function coap_option(d, at, nibble)
	if nibble < 13 then return nibble, at end
	if nibble == 15 or #d < at + nibble - 13 then return nil end
	if nibble == 13 then return d:byte(at) + 13, at + 1 end
	return string.unpack(">I2", d, at) + 269, at + 2
end

-- number and value of every option, and the payload; nil: it is no CoAP
local function coap_options(d, at)
	local list, number = {}, 0
	while at <= #d and d:byte(at) ~= 0xff do
		local head, delta, n = d:byte(at), nil, nil
		delta, at = coap_option(d, at + 1, head >> 4)
		if not delta then return nil end
		n, at = coap_option(d, at, head & 15)
		if not n or at + n - 1 > #d then return nil end
		number = number + delta
		list[#list + 1] = { number, d:sub(at, at + n - 1) }
		at = at + n
	end
	return list, d:sub(at + 1)
end

-- The same of a CoAP datagram of a bootstrap: name, fields.
function L.coap(d)
	if #d < 4 or d:byte(1) >> 6 ~= 1 or d:byte(1) & 15 > 8 then return nil end
	local code, mid = string.unpack(">BI2", d, 2)
	local options, payload = coap_options(d, 5 + (d:byte(1) & 15))
	if not options or code == 0 and #d > 4 then return nil end
	local path, query, fields = {}, {}, { { "message id", ("%s %d"):format(kinds[d:byte(1) >> 4 & 3], mid) } }
	for _, o in ipairs(options) do
		if o[1] == 11 then path[#path + 1] = o[2] end
		if o[1] == 15 then query[#query + 1] = o[2] end
		if o[1] == 12 and #o[2] <= 2 then fields[#fields + 1] = { "content format", ("%d"):format(#o[2] > 0 and string.unpack(">I" .. #o[2], o[2]) or 0) } end
	end
	if payload ~= "" then fields[#fields + 1] = { "payload", ("%d bytes"):format(#payload) } end
	local name = code == 0 and kinds[d:byte(1) >> 4 & 3] or code < 32 and ("%s /%s%s"):format(methods[code] or code, table.concat(path, "/"), query[1] and "?" .. table.concat(query, "&") or "") or ("%d.%02d"):format(code >> 5, code & 31)
	return U.clean(name), fields, code < 128
end

-- For Events.trace: what crosses the device's link is told by the device, which
-- sees every datagram.
function L.story(say)
	local linked
	return function(m)
		if m.verb ~= "rx" and m.verb ~= "tx" then return end
		if not linked and m.here ~= "" then
			linked = true
			say { event = "link", here = m.here, peer = m.peer }
		end
		local text, _, good = L.dtls(m.data)
		if not text then text, _, good = L.coap(m.data) end
		if text then say { event = "message", peer = m.peer, reply = m.verb == "tx" or nil, label = text, size = #m.data, bad = good == false or nil } end
	end
end

return L
