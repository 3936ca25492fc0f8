-- device_thread.lua -- be a Thread joiner
local imp = require "imprint"
local U = require "cmd.util"
local T = require "cmd.thread"
local L = require "cmd.lwm2m"
local Facts = require "cmd.facts"
local Events = require "cmd.events"
local People = require "cmd.people"

local V = {}

V.help = [[
usage: imprint device thread --to HOST:PORT [options]
Join the network of a Thread commissioner: DTLS with the PSKd of our label (EC-JPAKE)
over UDP.  There is no radio here: no discovery, no joiner router.
  --to HOST:PORT   the commissioner (imprint serve thread-commissioner)
  --store FILE     the device's memory                    (thread.db)
  --seal FILE      32 bytes: secrets in it are sealed with this key
  --eui64 HEX      its EUI-64, when the store has none yet (random)
  --pskd PSKD      its PSKd, when the store has none yet   (random): 6 to 32 of
                   0-9 and A-Z without I, O, Q, Z
  --vendor TEXT    what it says of itself: at most 32 bytes,
  --model TEXT     32,
  --version TEXT   16,
  --url URL        64: where who sets it up goes on
  --events         what happens, as JSON lines
  --pcap FILE      what crosses the wire, for Wireshark]]

local options = { to = "HOST:PORT", store = "a file", seal = "a file", eui64 = "hex", pskd = "a PSKd", vendor = "a text", model = "a text", version = "a text", url = "a URL", events = true,
	attached = true, pcap = "a file" }

local OK = 0
local longest = { vendor = 32, model = 32, version = 16, url = 64 }

-- What its label says, made once.
local function furnish(store, opt)
	local eui = opt.eui64 and U.unhex(opt.eui64)
	if opt.eui64 and (not eui or #eui ~= 8) then U.usage("--eui64 is 8 bytes in hex, not '%s'", opt.eui64) end
	if not store:ask("device", { topic = "identity", name = "thread.eui64" }) then store:learn("device", { topic = "identity", name = "thread.eui64", data = eui or "\x02" .. imp.random(7) }) end
	if not store:ask("device", { topic = "key", name = "thread.pskd" }) then
		store:learn("device", { topic = "key", name = "thread.pskd", data = T.flat(T.check_pskd(opt.pskd or T.pskd())), secret = true })
	end
end

local function itself(opt)
	local about = {}
	for name, most in pairs(longest) do
		about[name] = opt[name]
		if #(opt[name] or "") > most then U.usage("--%s is at most %d bytes", name, most) end
	end
	return about
end

local function hooks(x, about)
	return {
		ask = function(m)
			if m.topic == "config" and m.name == "thread.joiner" then return { code = OK, data = imp.encode(about) } end
			if m.topic == "server" and m.name == "thread.router" then return { code = OK, data = "coaps://" .. x.opt.to } end
		end,
		tell = function(m)
			if m.topic == "show" then x.people:show(m) end
		end,
		done = function(m) x.ended(m) end,
	}
end

function V.run(args)
	local opt, rest = U.options(args, options, "device thread")
	if opt.help then return print(V.help) end
	if rest[1] then U.usage("device thread takes no argument '%s'", rest[1]) end
	if not opt.to or not opt.to:find("^[^%s/]+:%d+$") then U.usage("device thread needs --to HOST:PORT: where its commissioner is") end
	local about = itself(opt)
	local x = { opt = opt, store = Facts.open(opt.store or "thread.db", opt.seal), say = Events.teller(opt), loop = imp.loop() }
	if x.store:ask("device", { topic = "network", name = "thread.dataset" }) then U.fail("%s: this device has a network already; choose another --store", opt.store or "thread.db") end
	x.store:sweep()
	furnish(x.store, opt)
	x.people = People.new { loop = x.loop, say = x.say, opt = opt }
	x.facts = Facts.new { loop = x.loop, store = x.store, subject = "device", role = "device", manifest = Facts.manifest_of("imp.thread"), say = x.say, hooks = hooks(x, about) }
	local pool = x.loop:pool { name = "client", stack = "thread/coap/dtls", role = "device", count = 1, max_msg = 512, heard = function(m) x.facts:heard(m) end }
	Events.trace(x.loop, opt, L.story(x.say))
	local result
	function x.ended(m)
		result = m.code
		x.loop:after(m.code == OK and 500 or 50, function() x.loop:stop() end) -- a lost answer is asked for again
	end
	x.people:listen()
	x.loop:signals(function() x.loop:stop() end)
	x.say { event = "ready", roles = { "joiner" }, address = opt.to }
	if not pool:start {} then U.fail("no session could be started") end
	x.loop:run()
	x.store:close()
	return result == OK and 0 or 1
end

return V
