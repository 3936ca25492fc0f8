-- serve_dpp_configurator.lua -- be a configurator of Wi-Fi Easy Connect, over TCP
local imp = require "imprint"
local U = require "cmd.util"
local D = require "cmd.dpp"
local Facts = require "cmd.facts"
local Events = require "cmd.events"
local People = require "cmd.people"

local S = {}

S.help = [[
usage: imprint serve dpp-configurator --ssid TEXT --policy FILE [options]
Configure the devices whose QR codes are scanned (pasted here, or --uri); with
--listen wait for those that begin themselves.  DPP goes over TCP.
  --ssid TEXT         the network they shall join
  --akm NAME          dpp, psk, sae, psk+sae, dpp+sae, dpp+psk+sae  (dpp; with
                      --pass: psk+sae)
  --pass TEXT         its passphrase; asked of nobody, told to devices
  --policy FILE       the Lua file that decides (imprint help policy); without it
                      all is refused
  --store FILE        our signing keys, and who was configured; without it in
                      memory only
  --seal FILE         32 bytes: secrets in the store are sealed with this key
  --uri URI           a device's, instead of asking for one; again for more
  --listen ADDR:PORT  wait there, and show our own QR code
  --once              end after the first device
  --pcap FILE         what crosses the wire, for Wireshark
  --events            what happens, as JSON lines]]

local options = { ssid = "a text", akm = "a name", pass = "a text", policy = "a file", store = "a file", seal = "a file", uri = { "a URI", many = true }, listen = "ADDR:PORT",
	once = true, events = true, attached = true, pcap = "a file" }

local OK, EFACT = 0, -12
local akms = { dpp = 1, psk = 1, sae = 1, ["psk+sae"] = 1, ["dpp+sae"] = 1, ["dpp+psk+sae"] = 1 }

local function check(opt)
	opt.akm = opt.akm or opt.pass and "psk+sae" or "dpp"
	if not opt.ssid then U.usage("serve dpp-configurator needs --ssid: the network that devices shall join") end
	if #opt.ssid > 32 then U.usage("--ssid is at most 32 bytes") end
	if not akms[opt.akm] then U.usage("--akm is dpp, psk, sae or some of them joined by +, not '%s'", opt.akm) end
	if opt.akm ~= "dpp" and not opt.pass then U.usage("--akm %s needs --pass", opt.akm) end
	if opt.pass and (#opt.pass < 8 or #opt.pass > 63) then U.usage("--pass is 8 to 63 characters") end
	for _, u in ipairs(opt.uri or {}) do D.uri { uri = u } end
end

local function hooks(x)
	local opt = x.opt
	return {
		ask = function(m)
			if m.topic == "config" and m.name:find("^dpp%.config") then
				if m.name ~= "dpp.config" or m.code ~= 0 then return { code = EFACT } end
				return { code = 1, data = imp.encode { ssid = opt.ssid, akm = opt.akm, pass = opt.pass }, secret = opt.pass ~= nil }
			end
			local n = m.topic == "peerkey" and m.name:match("^dpp%.label/uri/(%d+)$")
			if n then return { code = OK, data = opt.uri[tonumber(n)] } end
			if m.topic == "config" and m.name == "dpp.uri" then return { code = OK, data = imp.encode { host = x.bound } } end
			if m.topic == "read" then return x.people:read(m, function(a) if m.pool:lives(m.id) then x.facts:answer(m, a) end end) end
		end,
		tell = function(m)
			if m.topic == "show" and not x.shown and not m.forget then
				x.shown = true
				x.people:show(m)
			end
		end,
		done = function(m, run)
			if m.code == OK then x.say { event = "onboarded", guid = run.who } end
			x.ended(m)
		end,
	}
end

function S.run(args)
	local opt, rest = U.options(args, options, "serve dpp-configurator")
	if opt.help then return print(S.help) end
	if rest[1] then U.usage("serve dpp-configurator takes no argument '%s'", rest[1]) end
	check(opt)
	local x = { opt = opt, say = Events.teller(opt), loop = imp.loop(), left = #(opt.uri or {}) }
	local policy = Facts.read_policy(opt.policy)
	x.store = Facts.open(opt.store or ":memory:", opt.seal)
	x.store:sweep()
	D.bootstrap_key(x.store, "owner")
	x.people = People.new { loop = x.loop, say = x.say, opt = opt }
	x.facts = Facts.new { loop = x.loop, store = x.store, subject = "owner", role = "owner", manifest = Facts.manifest_of("imp.dpp"), say = x.say, policy = policy, hooks = hooks(x), cap = 8192 }
	local function heard(m) x.facts:guarded(m) end
	local pool = x.loop:pool { name = "client", stack = "dpp/dpptcp", role = "owner", count = 64, max_msg = 4096, idle = 180000, heard = heard }
	local result
	local function scan() pool:start { topic = "peerkey", name = "scanned" } end
	function x.ended(m)
		result = result == OK and OK or m.code
		x.left = x.left - 1
		if opt.once and m.code == OK or x.left == 0 and opt.uri and not opt.listen then return x.loop:after(500, function() x.loop:stop() end) end
		if not opt.uri and not opt.listen then x.loop:after(m.code == OK and 100 or 1000, scan) end
	end
	Events.trace(x.loop, opt, D.story(x.say))
	if not policy then x.say { event = "note", text = "there is no --policy: everything will be refused" } end
	if opt.listen then
		local bound, why = pool:listen(opt.listen, 64)
		if not bound then U.fail("--listen %s: %s", opt.listen, why) end
		x.bound = bound
		x.say { event = "link", here = bound }
	end
	x.say { event = "ready", roles = { "configurator" }, address = x.bound or "" }
	x.people:listen()
	x.loop:signals(function() x.loop:stop() end)
	for i = 1, #(opt.uri or {}) do pool:start { topic = "peerkey", name = "uri/" .. i } end
	if opt.listen then D.own_uri(x.loop, "owner", heard) end
	if not opt.uri and not opt.listen then scan() end
	x.loop:run()
	x.store:close()
	return (result == OK or not result) and 0 or 1
end

return S
