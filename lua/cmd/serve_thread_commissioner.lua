-- serve_thread_commissioner.lua -- be a Thread commissioner
local imp = require "imprint"
local U = require "cmd.util"
local T = require "cmd.thread"
local Facts = require "cmd.facts"
local Events = require "cmd.events"
local People = require "cmd.people"

local S = {}

S.help = [[
usage: imprint serve thread-commissioner --policy FILE [options]
Let joiners in that prove the PSKd of their label: DTLS with EC-JPAKE over UDP,
with no joiner router between (what it would send, we send inside DTLS).
  --listen ADDR:PORT   where                           (127.0.0.1:49191; port 0)
  --policy FILE        the Lua file that decides (imprint help policy), or
                       trust_maker; without it all is refused
  --pskd PSKD          of the joiners that will come; without it the label of each
                       is asked for: its QR code's text, or the PSKd alone
  --network NAME       of a new network                (imprint)
  --dataset HEX        the network that joiners get: an active dataset's TLVs, as
                       `dataset active -x` of OpenThread prints it
  --store FILE         the network and who joined; without it in memory only
  --seal FILE          32 bytes: secrets in the store are sealed with this key
  --once               end after the first joiner
  --events             what happens, as JSON lines
  --pcap FILE          what crosses the wire, for Wireshark]]

local options = { listen = "ADDR:PORT", policy = "a file", pskd = "a PSKd", network = "a name", dataset = "hex", store = "a file", seal = "a file", once = true, events = true, attached = true,
	pcap = "a file" }

local OK = 0

-- The network of the store, or of the options, or a new one.
local function found_network(store, opt)
	local given = opt.dataset and U.unhex(opt.dataset)
	if opt.dataset and (not given or #given < 18 or #given > 254) then U.usage("--dataset is 18 to 254 bytes in hex, not '%s'", opt.dataset) end
	if not given and store:ask("owner", { topic = "network", name = "thread.dataset" }) then return end
	store:learn("owner", { topic = "network", name = "thread.dataset", data = given or T.dataset(opt.network or "imprint"), secret = true })
end

local function hooks(x)
	return {
		ask = function(m)
			if m.topic == "key" and m.name:find("^thread%.pskd/") and x.opt.pskd then return { code = OK, data = T.flat(x.opt.pskd) } end
			if m.topic == "read" then return x.people:read(m, function(a) if m.pool:lives(m.id) then x.facts:answer(m, a) end end) end
		end,
		done = function(m, run)
			if m.code ~= OK then return end
			x.say { event = "onboarded", guid = run.who }
			if x.opt.once then x.loop:after(500, function() x.loop:stop() end) end
		end,
	}
end

function S.run(args)
	local opt, rest = U.options(args, options, "serve thread-commissioner")
	if opt.help then return print(S.help) end
	if rest[1] then U.usage("serve thread-commissioner takes no argument '%s'", rest[1]) end
	if opt.pskd then T.check_pskd(opt.pskd) end
	local x = { opt = opt, say = Events.teller(opt), loop = imp.loop() }
	local policy = Facts.read_policy(opt.policy)
	x.store = Facts.open(opt.store or ":memory:", opt.seal)
	x.store:sweep()
	found_network(x.store, opt)
	x.people = People.new { loop = x.loop, say = x.say, opt = opt }
	x.facts = Facts.new { loop = x.loop, store = x.store, subject = "owner", role = "owner", manifest = Facts.manifest_of("imp.thread"), say = x.say, policy = policy, hooks = hooks(x) }
	local pool = x.loop:pool { name = "front", stack = "thread/coap/dtls", role = "owner", count = 64, idle = 300000, max_msg = 512, heard = function(m) x.facts:guarded(m) end }
	Events.trace(x.loop, opt, function() end)
	local where = opt.listen or "127.0.0.1:49191"
	local bound, why = pool:listen("udp:" .. where, 64)
	if not bound then U.fail("--listen %s: %s", where, why) end
	if not policy then x.say { event = "note", text = "there is no --policy: everything will be refused" } end
	x.say { event = "link", here = bound }
	x.say { event = "ready", roles = { "commissioner" }, address = bound }
	x.people:listen()
	x.loop:signals(function() x.loop:stop() end)
	x.loop:run()
	x.store:close()
end

return S
