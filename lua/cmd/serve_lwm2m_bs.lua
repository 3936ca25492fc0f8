-- serve_lwm2m_bs.lua -- be an LwM2M bootstrap server
local imp = require "imprint"
local U = require "cmd.util"
local L = require "cmd.lwm2m"
local Facts = require "cmd.facts"
local Events = require "cmd.events"

local S = {}

S.help = [[
usage: imprint serve lwm2m-bs --config FILE --policy FILE [options]
Give LwM2M clients their server accounts, over CoAP and DTLS.
  --listen ADDR:PORT   where                           (127.0.0.1:5684; port 0: any)
  --plain              without DTLS                    (127.0.0.1:5683)
  --config FILE        what clients are told, in JSON (below)
  --policy FILE        the Lua file that decides (imprint help policy); without it
                       all is refused.  It may name a configuration; else it is
                       the one of the client's endpoint name, else "servers"
  --psk IDENTITY=HEX   a client's pre-shared key; again for more
  --cert FILE          our certificates, or our raw public key (PUBLIC KEY), PEM
  --key FILE           the private key to it, PEM
  --trust FILE         clients' certificates or public keys, or the authorities of
                       certificates, PEM
  --store FILE         who was bootstrapped; without it in memory only
  --seal FILE          32 bytes: secrets in the store are sealed with this key
  --once               end after the first client
  --events             what happens, as JSON lines
  --pcap FILE          what crosses the wire, for Wireshark

{ "servers": [ { "uri": "coaps://HOST:PORT", "ssid": 101, "lifetime": 86400,
    "binding": "U", "mode": "psk", "identity": TEXT, "key": HEX } ],
  "configurations": { NAME: { "servers": [ ... ], "discover": true } } }
mode: nosec; psk; rpk or x509, with public, server and key in hex (DER).]]

local options = { listen = "ADDR:PORT", plain = true, config = "a file", policy = "a file", psk = { "IDENTITY=HEX", many = true }, cert = "a file", key = "a file", trust = "a file",
	store = "a file", seal = "a file", once = true, events = true, attached = true, pcap = "a file" }

local OK, EAUTH, EFACT = 0, -2, -12
local OFFER, PSK, RAW, CERT = 0, 1, 3, 4

-- Whose certificate or key is this?
local function trusted(list, m)
	if m.data == "" then return false end
	local chain, anchors, at = {}, {}, 1
	while m.code == 0 and at + 3 <= #m.data do chain[#chain + 1], at = string.unpack(">s3", m.data, at) end
	for _, b in ipairs(list) do
		if b.bytes == (chain[1] or m.data) then return true end
		if b.label == "CERTIFICATE" then anchors[#anchors + 1] = b.bytes end
	end
	return chain[1] ~= nil and anchors[1] ~= nil and imp.chain(chain, anchors, os.time()) == true
end

-- What the DTLS layer wants to know
local function keys(x, m)
	if m.code == OFFER then
		local suites = x.own and { 0xc0ae, 0xc023, 0xc0a8, 0x00ae } or { 0xc0a8, 0x00ae }
		return { code = OK, topic = 0, data = imp.encode { suites = imp.array(suites), types = imp.array { x.own and x.own.raw and 2 or 0 } } }
	elseif m.code == PSK then
		local key = x.psk[m.name]
		if not key then return { code = EFACT } end
		x.say { event = "belief", topic = "keys", name = m.name, secret = true, size = #key }
		return { code = OK, data = key }
	elseif m.code == RAW or m.code == CERT then
		if not x.own or x.own.raw ~= (m.code == RAW) then return { code = EFACT } end
		local parts = {}
		for i, der in ipairs(x.own.chain) do parts[i] = m.code == RAW and der or string.pack(">s3", der) end
		return { code = OK, name = "lwm2m.key", data = m.code == RAW and parts[1] or table.concat(parts) }
	end
	return { code = EFACT }
end

local function operation(x, m)
	local ops = x.config(m.name:match("^lwm2m%.config/(.*)$") or "")
	local o = ops and ops[m.code + 1]
	if not o then return { code = EFACT } end
	x.say { event = "ran", command = o.op .. " " .. o.path }
	return { code = #ops, data = imp.encode(o), more = m.code + 1 < #ops, secret = true }
end

local function hooks(x)
	return {
		ask = function(m)
			if m.topic == "key" and m.name == "lwm2m.key" and x.own then return { code = OK, data = imp.flat(x.own.key) } end
			if m.topic == "config" and m.name:find("^lwm2m%.config/") then return operation(x, m) end
		end,
		done = function(m, run)
			if m.code ~= OK then return end
			x.say { event = "onboarded", guid = run.who }
			if x.opt.once then x.loop:after(1000, function() x.loop:stop() end) end
		end,
	}
end

local function read(opt)
	if not opt.config then U.usage("serve lwm2m-bs needs --config: what clients are told") end
	local x = { opt = opt, config = L.config(opt.config), own = L.own(opt), trust = opt.trust and L.pem(opt.trust) or {}, psk = {} }
	for _, text in ipairs(opt.psk or {}) do
		local identity, key = L.psk(text)
		x.psk[identity] = key
	end
	if opt.plain and (opt.psk or opt.cert or opt.trust) then U.usage("--plain knows no keys") end
	if not opt.plain and not opt.psk and not opt.cert then U.usage("serve lwm2m-bs needs --psk or --cert, or --plain: no DTLS at all") end
	return x
end

function S.run(args)
	local opt, rest = U.options(args, options, "serve lwm2m-bs")
	if opt.help then return print(S.help) end
	if rest[1] then U.usage("serve lwm2m-bs takes no argument '%s'", rest[1]) end
	local x = read(opt)
	local policy = Facts.read_policy(opt.policy)
	x.say, x.loop = Events.teller(opt), imp.loop()
	x.store = Facts.open(opt.store or ":memory:", opt.seal)
	x.store:sweep()
	x.facts = Facts.new { loop = x.loop, store = x.store, subject = "owner", role = "owner", manifest = Facts.manifest_of("imp.lwm2m"), say = x.say, policy = policy, hooks = hooks(x) }
	local function heard(m)
		local about = m.verb == "ask" and m.topic -- questions of the link, not of the bootstrap
		if about == "verify" then return x.facts:answer(m, { code = trusted(x.trust, m) and OK or EAUTH }) end
		if about == "keys" then return x.facts:answer(m, keys(x, m)) end
		x.facts:guarded(m)
	end
	local pool = x.loop:pool { name = "front", stack = opt.plain and "lwm2m/coap" or "lwm2m/coap/dtls", role = "owner", count = 64, idle = 300000, max_msg = 2048, max_chain = 4096, heard = heard }
	Events.trace(x.loop, opt, function() end)
	local where = opt.listen or opt.plain and "127.0.0.1:5683" or "127.0.0.1:5684"
	local bound, why = pool:listen("udp:" .. where, 64)
	if not bound then U.fail("--listen %s: %s", where, why) end
	if not policy then x.say { event = "note", text = "there is no --policy: everything will be refused" } end
	x.say { event = "link", here = bound }
	x.say { event = "ready", roles = { "bootstrap server" }, address = bound }
	x.loop:signals(function() x.loop:stop() end)
	x.loop:run()
	x.store:close()
end

return S
