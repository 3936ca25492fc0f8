-- catalogue.lua -- what the manifests say, with names for their bits, and the
-- three ways it is printed: table, markdown, json
local imp = require "imprint"
local U = require "cmd.util"
local J = require "cmd.json"

local C = {}

-- Bits of imprint.h, one list a heading of the survey: { bit, name, text }
C.bits = {
	players = { -- section 3.2
		{ 0, "manufacturer", "makes the device" }, { 1, "owner", "whose device it becomes" }, { 2, "user", "uses it" },
		{ 3, "installer", "puts it in its place" }, { 4, "admin", "runs the network" }, { 5, "vendor-service", "a service of the manufacturer's (MASA, bootstrap)" },
		{ 6, "rendezvous", "knows where the owner is" }, { 7, "ca", "issues certificates" }, { 8, "aaa", "decides who may use the network" },
		{ 9, "proxy", "carries messages for devices that have no network yet" }, { 10, "registrar", "registrar, configurator, commissioner, provisioner" },
	},
	beliefs_in = { -- 3.3, the strongest last
		{ 0, "blank", "nothing secret, nothing of its own" }, { 1, "symmetric", "a shared secret or password" },
		{ 2, "rawkey", "a key pair without a certificate" }, { 3, "cert", "a certificate of its manufacturer, and anchors" },
	},
	discovery = { -- 3.4
		{ 0, "link", "by what is sent on the local link" }, { 1, "network", "by a service of the network or the Internet" },
		{ 2, "oob", "out of band: a label, a person" }, { 3, "wellknown", "by a well-known name or address" },
	},
	trust = {
		{ 0, "person", "a person compares, types or presses" }, { 1, "label", "who can read the label" }, { 2, "pki", "certificates of the manufacturer" },
		{ 3, "voucher", "a voucher says whose device it is" }, { 4, "secret", "both know a secret" }, { 5, "leap", "leap of faith: the first who comes" },
	},
	authorizer = {
		{ 0, "possession", "whoever has the secret or the device" }, { 1, "owner", "the owner decides" }, { 2, "manufacturer", "the manufacturer agrees" },
	},
	delivers = { -- 3.5
		{ 0, "network", "how to take part in a network" }, { 1, "infrastructure", "anchors and certificates of a domain" }, { 2, "service", "whose it is, and where its service is" },
	},
	properties = { -- 3.3 to 3.5; the last text is that of the bit not set
		{ 0, "id-in-clear", "a lasting identifier is sent in clear", "no lasting identifier in clear" },
		{ 1, "vendor-online", "the manufacturer must be reachable", "works without the manufacturer" },
		{ 2, "label-swap", "swapped labels swap devices", "swapped labels swap no devices" },
		{ 3, "misbinding", "exposed to misbinding", "not exposed to misbinding" },
		{ 4, "reset", "reset is modelled", "reset is not modelled" },
		{ 5, "resale", "transfer of ownership is modelled", "transfer of ownership is not modelled" },
		{ 6, "unattended", "no person near the device", "a person must be near the device" },
		{ 7, "forward-secret", "recorded runs stay secret", "recorded runs are open to who gets the keys later" },
	},
	media = {
		{ 1, "text" }, { 2, "qr" }, { 3, "nfc" }, { 4, "pin" }, { 5, "blink" }, { 6, "beep" }, { 7, "vibrate" }, { 8, "button" }, { 9, "uri" }, { 10, "file" },
	},
	roles = { { 1, "device" }, { 2, "owner" }, { 3, "relay" }, { 4, "maker" }, { 5, "rendezvous" } },
}

-- The protocols of draft-irtf-t2trg-security-setup-iot-devices, section 2, and
-- what their layers are called here
C.survey = {
	{ "Bluetooth Mesh provisioning", "btmesh", "mesh" }, { "Wi-Fi Device Provisioning Protocol (DPP)", "dpp" }, { "Enrollment over Secure Transport (EST)", "est" },
	{ "OMA LwM2M bootstrap", "lwm2m" }, { "EAP-NOOB", "noob", "eapnoob" }, { "OCF onboarding", "ocf" }, { "BRSKI", "brski" },
	{ "Secure Zero Touch Provisioning (SZTP)", "sztp" }, { "FIDO Device Onboard (FDO)", "fdo" }, { "Thread commissioning", "thread" },
}

C.algs = {
	{ -16, "SHA-256" }, { -43, "SHA-384" }, { -44, "SHA-512" }, { -14, "SHA-1" }, { 5, "HMAC-SHA-256" }, { 6, "HMAC-SHA-384" }, { 7, "HMAC-SHA-512" },
	{ -7, "ES256", 1 }, { -35, "ES384", 2 }, { -36, "ES512", 3 }, { -8, "EdDSA", 6 }, { -257, "RS256" }, { -258, "RS384" }, { -37, "PS256" }, { -38, "PS384" }, { -41, "RSA-OAEP-256" },
	{ 1, "A128GCM" }, { 2, "A192GCM" }, { 3, "A256GCM" }, { 24, "ChaCha20/Poly1305" }, { 10, "AES-CCM-16-64-128" }, { 30, "AES-CCM-16-128-128" },
	{ 32, "AES-CCM-64-128-128" }, { 33, "AES-CCM-64-128-256" }, { -70001, "AES-CMAC" }, { -70002, "AES-SIV" }, { -70004, "AES-ECB" }, { -70005, "AES-CBC" },
	{ -70006, "AES-CTR" }, { -70007, "AES-CCM-8 (TLS)" }, { -70008, "AES-CCM (TLS)" }, { -70009, "AES-CBC + HMAC-SHA-256 (TLS)" },
}
C.curves = { { 1, "P-256" }, { 2, "P-384" }, { 3, "P-521" }, { 4, "X25519" }, { 6, "Ed25519" }, { 256, "brainpoolP256r1" }, { 258, "brainpoolP384r1" },
	{ 259, "brainpoolP512r1" }, { -14, "MODP 2048" }, { -15, "MODP 3072" } }

function C.alg(n)
	for _, a in ipairs(C.algs) do
		if a[1] == n then return a[2] end
	end
	return "algorithm " .. n
end

-- Names of the bits of a group that are set
function C.names(group, bits)
	local t = J.array()
	for _, b in ipairs(C.bits[group]) do
		if bits >> b[1] & 1 == 1 then t[#t + 1] = b[2] end
	end
	return t
end

function C.all(group)
	local t = {}
	for i, b in ipairs(C.bits[group]) do t[i] = b[2] end
	return t
end

-- The bit that is called so; nil
function C.bit(group, name)
	for _, b in ipairs(C.bits[group]) do
		if b[2] == name then return 1 << b[1], b end
	end
end

function C.has(bits, bit) return bits >> bit & 1 == 1 end
function C.short(id) return (id:gsub("^imp%.", "")) end

-- Is this fact one of that role's?
function C.of_role(fact, role) return fact.roles == 0 or fact.roles >> role & 1 == 1 end

-- protocols, transports: layers; cryptos: ids
function C.built_in()
	local protocols, transports, cryptos = J.array(), J.array(), J.array()
	for _, p in ipairs(imp.plugins()) do
		for _, y in ipairs(p.layers) do
			y.license = p.license
			table.insert(y.roles and protocols or transports, y)
		end
		for _, c in ipairs(p.cryptos) do cryptos[#cryptos + 1] = c end
	end
	return protocols, transports, cryptos
end

-- The protocol of this name ("fdo", "imp.fdo"), or nil and all their names
function C.find(list, name)
	local names = {}
	for _, y in ipairs(list) do
		local id = type(y) == "table" and y.id or y
		if id == name or C.short(id) == name then return y end
		names[#names + 1] = C.short(id)
	end
	return nil, names
end

-- In the survey and not built in
function C.missing(protocols)
	local t = J.array()
	for _, s in ipairs(C.survey) do
		local there = false
		for i = 2, #s do there = there or C.find(protocols, s[i]) ~= nil end
		if not there then t[#t + 1] = s[1] end
	end
	return t
end

-- Printing --------------------------------------------------------------------

C.options = { format = "table, markdown or json", json = true }
C.help = [[
  --format table|markdown|json   how it is printed         (table)
  --json                         the same as --format json]]

-- "table", "markdown" or "json" of the options
function C.format(opt)
	local f = opt.format or opt.json and "json" or "table"
	if opt.json and f ~= "json" then U.usage("--json and --format %s: which?", f) end
	if f ~= "table" and f ~= "markdown" and f ~= "json" then U.usage("--format is table, markdown or json, not '%s'; nearest: %s", f, U.nearest(f, { "table", "markdown", "json" })) end
	return f
end

local function width(s) return utf8.len(s) or #s end
local function pad(s, n) return s .. (" "):rep(n - width(s)) end

-- Words in lines of at most n
local function wrap(s, n)
	local lines, line = {}, ""
	for word in s:gmatch("%S+") do
		if line ~= "" and width(line) + 1 + width(word) > n then
			lines[#lines + 1] = line
			line = word
		else
			line = line == "" and word or line .. " " .. word
		end
	end
	lines[#lines + 1] = line
	return lines
end

-- The names of a group in lines that begin under each other
function C.names_in_lines(group, indent)
	return table.concat(wrap(table.concat(C.all(group), ", "), 60), "\n" .. (" "):rep(indent))
end

local Page = {}
Page.__index = Page
function C.page(format) return setmetatable({ md = format == "markdown" }, Page) end

function Page:heading(text, level)
	if self.begun then print() end
	self.begun = true
	print(self.md and ("#"):rep(level or 2) .. " " .. text or U.paint("bold", text))
	if self.md then print() end
end

function Page:text(s)
	if self.md then return print(s .. "\n") end
	for _, line in ipairs(wrap(s, 96)) do print("  " .. line) end
end

function Page:item(s)
	if self.md then return print("* " .. s) end
	for i, line in ipairs(wrap(s, 94)) do print((i == 1 and "  - " or "    ") .. line) end
end

local function md_cell(s) return (s:gsub("|", "\\|")) end

-- How wide each column is: as its longest cell, but texts of many words go
-- over many lines
local function widths(columns, rows)
	local w, left = {}, 2
	local function fit(i, text, most)
		local n = width(text)
		if n > most then
			n = most
			for word in text:gmatch("%S+") do n = math.max(n, width(word)) end
		end
		w[i] = math.max(w[i] or 0, n)
	end
	for i = 1, #columns do
		local most = i == 1 and 48 or i < #columns and 24 or math.max(24, 100 - left)
		fit(i, columns[i], most)
		for _, r in ipairs(rows) do fit(i, r[i], most) end
		left = left + w[i] + 2
	end
	return w
end

local function row(cells, w, colour)
	local wrapped, most = {}, 1
	for i, c in ipairs(cells) do
		wrapped[i] = wrap(c, w[i])
		most = math.max(most, #wrapped[i])
	end
	for k = 1, most do
		local out = {}
		for i = 1, #cells do out[i] = pad(wrapped[i][k] or "", w[i]) end
		local s = "  " .. table.concat(out, "  "):gsub(" +$", "")
		print(colour and U.paint(colour, s) or s)
	end
end

function Page:table(columns, rows)
	if not self.md then
		local w = widths(columns, rows)
		row(columns, w, "dim")
		for _, r in ipairs(rows) do row(r, w) end
		return
	end
	print("| " .. table.concat(columns, " | ") .. " |\n|" .. ("---|"):rep(#columns))
	for _, r in ipairs(rows) do
		local cells = {}
		for i, c in ipairs(r) do cells[i] = md_cell(c) end
		print("| " .. table.concat(cells, " | ") .. " |")
	end
end

return C
