-- device_dpp.lua -- be an enrollee of Wi-Fi Easy Connect, over TCP
local imp = require "imprint"
local U = require "cmd.util"
local D = require "cmd.dpp"
local Facts = require "cmd.facts"
local Events = require "cmd.events"
local People = require "cmd.people"

local V = {}

V.help = [[
usage: imprint device dpp [--listen ADDR:PORT | --uri URI] [options]
Show a QR code and be configured by who scans it; or scan a configurator's.
DPP goes over TCP, as between an access point and a controller.
  --listen ADDR:PORT  where to be reached              (127.0.0.1:8908)
  --uri URI           begin ourselves, with this configurator
  --store FILE        the device's memory              (dpp.db)
  --seal FILE         32 bytes: secrets in it are sealed with this key
  --curve p256|p384   of a new bootstrapping key       (p256)
  --info TEXT         what our QR code says of us, beside the key
  --mutual            ask for the configurator's QR code too
  --name TEXT         what we call ourselves           (imprint)
  --role sta|ap|configurator  what we want to be       (sta)
  --mud URL           where our manufacturer describes us
  --pcap FILE         what crosses the wire, for Wireshark
  --events            what happens, as JSON lines]]

local options = { listen = "ADDR:PORT", uri = "a URI", store = "a file", seal = "a file", curve = "p256 or p384", info = "a text", mutual = true, name = "a text", role = "sta, ap or configurator",
	mud = "a URL", events = true, attached = true, pcap = "a file" }

local OK, EFACT = 0, -12
local roles = { sta = true, ap = true, configurator = true }

local function hooks(x)
	local opt = x.opt
	local facts = { ["config dpp.enrollee"] = function() return { name = opt.name or "imprint", role = opt.role or "sta", mudurl = opt.mud } end,
		["config dpp.uri"] = function() return { host = x.bound, info = opt.info, mutual = opt.mutual or nil } end }
	return {
		ask = function(m)
			local f = facts[("%s %s"):format(m.topic, m.name)]
			if f then return { code = OK, data = imp.encode(f()) } end
			if m.topic == "peerkey" and m.name == "dpp.label/configurator" then return opt.uri and { code = OK, data = opt.uri } or { code = EFACT } end
			if m.topic == "read" then return x.people:read(m, function(a) if m.pool:lives(m.id) then x.facts:answer(m, a) end end) end
		end,
		tell = function(m)
			if m.topic == "show" and not x.uri and not m.forget then
				x.uri = m.data
				x.people:show(m)
			end
		end,
		done = function(m) x.ended(m) end,
	}
end

function V.run(args)
	local opt, rest = U.options(args, options, "device dpp")
	if opt.help then return print(V.help) end
	if rest[1] then U.usage("device dpp takes no argument '%s'", rest[1]) end
	if opt.listen and opt.uri then U.usage("--listen waits for a configurator, --uri goes to one: not both") end
	if opt.role and not roles[opt.role] then U.usage("--role is sta, ap or configurator, not '%s'", opt.role) end
	D.uri(opt)
	local x = { opt = opt, store = Facts.open(opt.store or "dpp.db", opt.seal), say = Events.teller(opt), loop = imp.loop() }
	D.bootstrap_key(x.store, "device", opt.curve)
	x.people = People.new { loop = x.loop, say = x.say, opt = opt }
	x.facts = Facts.new { loop = x.loop, store = x.store, subject = "device", role = "device", manifest = Facts.manifest_of("imp.dpp"), say = x.say, hooks = hooks(x), cap = 8192 }
	local function heard(m) x.facts:guarded(m) end
	local pool = x.loop:pool { name = "client", stack = "dpp/dpptcp", role = "device", count = 4, max_msg = 4096, idle = 120000, heard = heard }
	local result
	function x.ended(m)
		if m.code ~= OK and not opt.uri and x.uri then return end -- a stranger's failure: we are still to be had
		result = m.code
		x.loop:after(500, function() x.loop:stop() end)
	end
	Events.trace(x.loop, opt, opt.uri and D.story(x.say) or function() end)
	x.people:listen()
	x.loop:signals(function() x.loop:stop() end)
	if opt.uri then
		x.uri = ""
		pool:start { topic = "peerkey", name = "configurator" }
	else
		local where = opt.listen or "127.0.0.1:8908"
		local bound, why = pool:listen(where, 4)
		if not bound then U.fail("--listen %s: %s", where, why) end
		x.bound = bound
		x.say { event = "link", here = bound }
		x.say { event = "ready", roles = { "device" }, address = bound }
		D.own_uri(x.loop, "device", heard)
	end
	x.loop:run()
	x.store:close()
	return result == OK and 0 or 1
end

return V
