-- serve_btmesh.lua -- be a Bluetooth Mesh provisioner
local imp = require "imprint"
local U = require "cmd.util"
local B = require "cmd.btmesh"
local Facts = require "cmd.facts"
local Events = require "cmd.events"
local People = require "cmd.people"

local S = {}

S.help = [[
usage: imprint serve btmesh --policy FILE [options]
Provision the devices whose beacons are heard.  PB-ADV frames come over UDP, in
place of a radio: one AD structure, without its length byte, a datagram.
  --listen ADDR:PORT   where                           (127.0.0.1:4340; port 0: any)
  --policy FILE        the Lua file that decides (imprint help policy), or
                       trust_maker; without it all is refused
  --store FILE         the network and its nodes; without it in memory only
  --seal FILE          32 bytes: secrets in the store are sealed with this key
  --static UUID=HEX    the static OOB of a device's label; again for more
  --ca FILE            certificates that devices' certificates lead to, PEM
  --once               end after the first device
  --events             what happens, as JSON lines
  --pcap FILE          what crosses the wire, for Wireshark]]

local options = { listen = "ADDR:PORT", policy = "a file", store = "a file", seal = "a file", static = { "UUID=HEX", many = true }, ca = "a file",
	once = true, events = true, attached = true, pcap = "a file" }

local OK, EFACT = 0, -12

local function statics(opt)
	local list = {}
	for _, text in ipairs(opt.static or {}) do
		local uuid, hex = text:match("^(%x+)=(%x+)$")
		local bytes = hex and U.unhex(hex)
		if not bytes or #uuid ~= 32 or #bytes < 1 or #bytes > 32 then U.usage("--static is UUID=HEX, 32 digits and 1 to 32 bytes, not '%s'", text) end
		list[uuid:lower()] = bytes
	end
	return list
end

local function anchors(opt)
	local blocks, why, at = U.pem(opt.ca and U.read(opt.ca) or "")
	if not blocks then U.fail("%s: offset %d: %s", opt.ca, at, why) end
	if opt.ca and not blocks[1] then U.fail("%s: offset 0: expected CERTIFICATEs in PEM", opt.ca) end
	return blocks
end

-- A network of our own, made once: NetKey 0, IV index 0, ourselves at 1.
local function found_network(store)
	if store:ask("owner", { topic = "network", name = "btmesh.net" }) then return end
	store:learn("owner", { topic = "network", name = "btmesh.net", data = imp.random(16) .. ("\0"):rep(7) .. "\0\1", secret = true })
	store:learn("owner", { topic = "counter", name = "btmesh.next", data = imp.encode(2) })
end

local NETWORK = 0x105

-- Runs at the same time get addresses of their own, when they are authorized.
local function grant(x, claims, what)
	local reply = what ~= "" and imp.decode(what) or {}
	x.next = x.next or imp.decode(x.store:ask("owner", { topic = "counter", name = "btmesh.next" }).data)
	reply[NETWORK] = reply[NETWORK] or x.next
	x.next = math.max(x.next, reply[NETWORK] + claims.config.elements)
	return imp.encode(reply)
end

local function hooks(x, static, ca)
	return {
		granted = function(claims, what) return grant(x, claims, what) end,
		learn = function(m)
			if m.topic == "counter" and m.name == "btmesh.next" then m.data = imp.encode(math.max(imp.decode(m.data), x.next)) end
		end,
		ask = function(m)
			local uuid = m.topic == "key" and m.name:match("^btmesh%.static/(%x+)$")
			if uuid then return static[uuid] and { code = OK, data = B.flat(static[uuid]) } or { code = EFACT } end
			if m.topic == "anchor" and m.name == "btmesh.ca" then
				local c = ca[m.code + 1]
				return c and { code = #ca, data = c.bytes, more = m.code + 1 < #ca } or { code = EFACT }
			end
			if m.topic == "read" then return x.people:read(m, function(a) if m.pool:lives(m.id) then x.facts:answer(m, a) end end) end
		end,
		tell = function(m)
			if m.topic == "show" then x.people:show(m) end
		end,
		done = function(m, run)
			if m.code ~= OK then return end
			x.say { event = "onboarded", guid = run.who and U.hex(run.who):sub(1, 32) }
			if x.opt.once then x.loop:after(1500, function() x.loop:stop() end) end
		end,
	}
end

function S.run(args)
	local opt, rest = U.options(args, options, "serve btmesh")
	if opt.help then return print(S.help) end
	if rest[1] then U.usage("serve btmesh takes no argument '%s'", rest[1]) end
	local static, ca = statics(opt), anchors(opt)
	local x = { opt = opt, say = Events.teller(opt), loop = imp.loop() }
	local policy = Facts.read_policy(opt.policy)
	x.store = Facts.open(opt.store or ":memory:", opt.seal)
	x.store:sweep()
	found_network(x.store)
	x.people = People.new { loop = x.loop, say = x.say, opt = opt }
	x.facts = Facts.new { loop = x.loop, store = x.store, subject = "owner", role = "owner", manifest = Facts.manifest_of("imp.btmesh"), say = x.say, policy = policy, hooks = hooks(x, static, ca) }
	local pool = x.loop:pool { name = "front", stack = "btmesh/pbadv", role = "owner", count = 16, idle = 120000, max_msg = 512, max_chain = 8192, heard = function(m) x.facts:guarded(m) end }
	Events.trace(x.loop, opt, B.story(x.say))
	local where = opt.listen or "127.0.0.1:4340"
	local bound, why = pool:listen("udp:" .. where, 16)
	if not bound then U.fail("--listen %s: %s", where, why) end
	if not policy then x.say { event = "note", text = "there is no --policy: everything will be refused" } end
	x.say { event = "ready", roles = { "provisioner" }, address = bound }
	x.people:listen()
	x.loop:signals(function() x.loop:stop() end)
	x.loop:run()
	x.store:close()
end

return S
