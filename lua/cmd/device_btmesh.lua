-- device_btmesh.lua -- be an unprovisioned Bluetooth Mesh device
local imp = require "imprint"
local U = require "cmd.util"
local B = require "cmd.btmesh"
local Facts = require "cmd.facts"
local Events = require "cmd.events"
local People = require "cmd.people"

local V = {}

V.help = [[
usage: imprint device btmesh --to HOST:PORT [options]
Be found and provisioned.  PB-ADV frames go over UDP to the provisioner at --to,
in place of a radio: one AD structure, without its length byte, a datagram.
  --to HOST:PORT   the provisioner (imprint serve btmesh)
  --store FILE     the device's memory                      (btmesh.db)
  --seal FILE      32 bytes: secrets in it are sealed with this key
  --uuid HEX       its uuid, when the store has none yet    (random)
  --elements N     how many addresses it needs              (1)
  --static HEX     static OOB from its label, 16 or 32 bytes
  --output ACTION[,ACTION...]:DIGITS  what it can show: blink beep vibrate number text
  --input ACTION[,ACTION...]:DIGITS   what can be done to it: push twist number text
  --only-oob       refuse provisioners that authenticate nothing
  --algorithm cmac|hmac  only this one                      (both)
  --events         what happens, as JSON lines
  --pcap FILE      what crosses the wire, for Wireshark]]

local options = { to = "HOST:PORT", store = "a file", seal = "a file", uuid = "hex", elements = "a number", static = "hex", output = "ACTIONS:DIGITS", input = "ACTIONS:DIGITS",
	["only-oob"] = true, algorithm = "cmac or hmac", events = true, attached = true, pcap = "a file" }

local OK, EFACT = 0, -12
local algorithms = { cmac = 1, hmac = 2 }

local function config(opt)
	if opt.algorithm and not algorithms[opt.algorithm] then U.usage("--algorithm is cmac or hmac, not '%s'", opt.algorithm) end
	return { elements = U.number(opt, "elements", 1, 255) or 1, algorithms = algorithms[opt.algorithm] or 3, output = B.oob(opt, "output"), input = B.oob(opt, "input"),
		only_oob = opt["only-oob"] or false }
end

local function hooks(x, mine, static)
	return {
		ask = function(m)
			if m.topic == "config" and m.name == "btmesh.device" then return { code = OK, data = imp.encode(mine) } end
			if m.topic == "key" and m.name == "btmesh.static" then return static and { code = OK, data = B.flat(static) } or { code = EFACT } end
			if m.topic == "read" then return x.people:read(m, function(a) if m.pool:lives(m.id) then x.facts:answer(m, a) end end) end
		end,
		tell = function(m)
			if m.topic == "show" then x.people:show(m) end
		end,
		done = function(m) x.ended(m) end,
	}
end

function V.run(args)
	local opt, rest = U.options(args, options, "device btmesh")
	if opt.help then return print(V.help) end
	if rest[1] then U.usage("device btmesh takes no argument '%s'", rest[1]) end
	if not opt.to or not opt.to:find("^[^%s/]+:%d+$") then U.usage("device btmesh needs --to HOST:PORT: where its provisioner is") end
	local uuid, static, mine = B.hex(opt, "uuid", 16, 16), B.hex(opt, "static", 16, 32), config(opt)
	local x = { opt = opt, store = Facts.open(opt.store or "btmesh.db", opt.seal), say = Events.teller(opt), loop = imp.loop() }
	if x.store:ask("device", { topic = "network", name = "btmesh.net" }) then U.fail("%s: this device is provisioned already; choose another --store", opt.store or "btmesh.db") end
	if not x.store:ask("device", { topic = "identity", name = "btmesh.uuid" }) then x.store:learn("device", { topic = "identity", name = "btmesh.uuid", data = uuid or B.uuid() }) end
	x.people = People.new { loop = x.loop, say = x.say, opt = opt }
	x.facts = Facts.new { loop = x.loop, store = x.store, subject = "device", role = "device", manifest = Facts.manifest_of("imp.btmesh"), say = x.say, hooks = hooks(x, mine, static) }
	local pool = x.loop:pool { name = "client", stack = "btmesh/pbadv", role = "device", count = 1, max_msg = 512, max_chain = 4096, bearer = "udp://" .. opt.to, heard = function(m) x.facts:heard(m) end }
	Events.trace(x.loop, opt, B.story(x.say, true))
	local result
	function x.ended(m)
		result = m.code
		x.loop:after(1500, function() x.loop:stop() end) -- the last frames are repeated
	end
	x.people:listen()
	x.loop:signals(function() x.loop:stop() end)
	if not pool:start {} then U.fail("no session could be started") end
	x.say { event = "ready", roles = { "device" }, address = opt.to, uuid = U.hex(x.store:ask("device", { topic = "identity", name = "btmesh.uuid" }).data) }
	x.loop:run()
	x.store:close()
	return result == OK and 0 or 1
end

return V
