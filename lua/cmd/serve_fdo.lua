-- serve_fdo.lua -- be an owner, a rendezvous server, a manufacturer, or all three
local imp = require "imprint"
local U = require "cmd.util"
local D = require "cmd.fdo"
local Facts = require "cmd.facts"
local Events = require "cmd.events"

local S = {}

S.help = [[
usage: imprint serve fdo --role owner,rv,maker --policy FILE [options]
One HTTP server for the roles named.
  --role LIST         owner (TO2, and TO0 as client), rv (TO0, TO1), maker (DI)
  --policy FILE       the Lua file that decides (imprint help policy), or
                      allow_list, trust_maker; without it all is refused
  --listen ADDR:PORT  where to listen; port 0: any      (127.0.0.1:8040)
  --url URL           how others reach us               (http:// and --listen)
  --store FILE        facts in SQLite; without it in memory only
  --seal FILE         32 bytes: secrets in the store are sealed with this key
  --key FILE          private key, PEM; again for other key types
 maker
  --rv URL            where devices look for their owner; again for more
  --bypass URL        devices go straight to the owner there, without rv
  --vouchers DIR      new vouchers are written to DIR/GUID.pem
  --chain FILE        certificates of one of our keys in PEM, its own first, for
                      devices that want X5CHAIN; again for more    (self-signed)
 owner
  --voucher FILE      a voucher that ends in one of our keys; again for more
  --rv URL            rendezvous instructions for the next onboarding
  --download NAME=FILE, --upload NAME, --wget NAME=URL, --command "CMD ARG..."
                      what to do with devices, in this order, each repeatable
  --uploads DIR       files that devices send go to DIR/GUID/NAME
 limits
  --connections N     at a time, more wait              (1000)
  --sessions N        onboardings at a time             (1000)
  --once              end after the first onboarding, or registration for rv
  --events            what happens, as JSON lines
  --pcap FILE         what crosses the wire, for Wireshark
  --attached          end when standard input ends]]

local options = { role = "owner,rv,maker", policy = "a file", listen = "ADDR:PORT", url = "a URL", store = "a file", seal = "a file", key = { "a file", many = true },
	rv = { "a URL", many = true }, bypass = "a URL", vouchers = "a directory", chain = { "a file", many = true }, voucher = { "a file", many = true },
	download = { "NAME=FILE" }, upload = { "NAME" }, wget = { "NAME=URL" }, command = { "a command" }, uploads = "a directory",
	connections = "a number", sessions = "a number", once = true, events = true, attached = true, pcap = "a file" }

local OK, EFACT, EDENIED = 0, -12, -3

-- Keys by the TYPE in their facts' names: { priv=, pub=, raw= }
local function read_keys(files)
	local keys = {}
	for _, f in ipairs(files or {}) do
		local priv, pub = D.read_private(f)
		if keys[pub.name] then U.usage("--key %s: there is a key of type %s already", f, pub.name) end
		keys[pub.name] = { priv = priv, pub = pub, raw = imp.fdo.put_key(pub), file = f }
	end
	return keys
end

-- Certificates belong to the key they are for.
local function read_chains(keys, files)
	for _, f in ipairs(files or {}) do
		local chain, key = D.read_chain(f)
		if not chain then U.fail("%s: offset 0: expected CERTIFICATEs in PEM", f) end
		local owner
		for _, k in pairs(keys) do owner = k.pub.bits == key.bits and k or owner end
		if not owner then U.usage("--chain %s: its first certificate is of none of the keys given with --key", f) end
		owner.chain = chain
	end
end

-- Owner --------------------------------------------------------------------

local function split(text, option)
	local name, value = text:match("^([^=/]+)=(.+)$")
	if not name then U.usage("--%s is NAME=VALUE, not '%s'", option, text) end
	return name, value
end

-- What --download and its like ask for: the entries of GUID/serviceinfo.
local function actions(opt, args)
	local list, files = {}, {}
	for _, a in ipairs(args) do
		if a[1] == "download" then
			local name, path = split(a[2], "download")
			local bytes = U.read(path)
			files["file/" .. name] = bytes
			list[#list + 1] = imp.array { "fdo.download", { name = name, fact = "file/" .. name, ["sha-384"] = imp.bytes(imp.hash("sha384", bytes)) } }
		elseif a[1] == "upload" then
			if a[2]:find("/") then U.usage("--upload is a plain NAME, not '%s'", a[2]) end
			list[#list + 1] = imp.array { "fdo.upload", { name = a[2], ["need-sha"] = true } }
		elseif a[1] == "wget" then
			local name, url = split(a[2], "wget")
			if not url:find("^https?://[^%s%c]+$") then U.usage("--wget is NAME=http://..., not '%s'", a[2]) end
			list[#list + 1] = imp.array { "fdo.wget", { name = name, url = url } }
		elseif a[1] == "command" then
			local words = imp.array {}
			for w in a[2]:gmatch("%S+") do words[#words + 1] = w end
			local command = table.remove(words, 1)
			if not command then U.usage("--command is empty") end
			list[#list + 1] = imp.array { "fdo.command", { command = command, args = words, return_stdout = true, return_stderr = true } }
		end
	end
	for i, a in ipairs(list) do list[i] = imp.encode(a) end
	return list, files
end

-- The order on the command line matters across options: read it again.
local function in_order(args)
	local out = {}
	for i, a in ipairs(args) do
		local name, value = a:match("^%-%-(%l+)=(.*)$")
		name = name or a:match("^%-%-(%l+)$")
		if name == "download" or name == "upload" or name == "wget" or name == "command" then out[#out + 1] = { name, value or args[i + 1] } end
	end
	return out
end

local function part(bytes, offset, cap)
	local piece = bytes:sub(offset + 1, offset + cap)
	return { code = #bytes, data = piece, more = offset + #piece < #bytes }
end

local function owner_hooks(x)
	local list, files = actions(x.opt, x.actions)
	return {
		ask = function(m)
			local kind = m.topic == "key" and m.name:match("^fdo%.owner/(.+)$")
			if kind then
				local k = x.keys[kind]
				return k and { code = OK, data = imp.flat(k.priv) } or { code = EFACT }
			elseif m.topic == "server" and m.name == "fdo.to2" then
				return { code = OK, data = D.to2 { x.url } }
			elseif m.topic == "config" and m.name == "fdo.rvinfo" then
				return x.opt.rv and { code = OK, data = D.rvinfo(x.opt.rv) } or { code = EFACT }
			elseif m.topic == "config" and m.name:find("/serviceinfo$") then
				local e = list[m.code + 1]
				return e and { code = #list, data = e, more = m.code + 1 < #list } or { code = EFACT }
			elseif m.topic == "image" and files[m.name] then
				return part(files[m.name], m.code, 1024)
			end
		end,
		known = function(k)
			if k.topic ~= "image" or not x.opt.uploads then return end
			local guid, name = k.name:match("^(%x+)/upload/([^/]+)$")
			if not name or name == "." or name == ".." then return x.say { event = "trouble", text = "not kept, a bad name: " .. k.name } end
			imp.mkdir(x.opt.uploads, 448)
			imp.mkdir(x.opt.uploads .. "/" .. guid, 448)
			local all, at = {}, 0
			repeat
				local a = x.store:ask("owner", { topic = "image", name = k.name, code = at })
				if a then
					all[#all + 1] = a.data
					at = at + #a.data
				end
			until not a or not a.more
			U.write(x.opt.uploads .. "/" .. guid .. "/" .. name, table.concat(all), 384)
		end,
		done = function(m, run)
			if m.pool == x.client then return x.registered(m) end
			if m.code ~= OK then return end
			x.say { event = "onboarded", guid = run.who }
			x.finished()
		end,
	}
end

-- TO0 for every voucher, again before it expires or after a failure.
local function register(x, guid)
	local function again(ms) x.loop:after(math.min(ms, 86400000), function() register(x, guid) end) end
	local id = x.client:start { topic = "voucher", name = guid }
	if not id then return again(1000) end
	x.registering[id] = function(m)
		if m.code > 0 then
			x.say { event = "registered", guid = guid, seconds = m.when // 1000 }
			again(math.max(m.when - 10000, m.when // 2, 1000))
		elseif m.code == EDENIED then
			x.say { event = "trouble", text = "voucher " .. guid .. " was refused by policy" }
		elseif m.code < 0 then
			x.say { event = "trouble", text = ("voucher %s is not registered: %s; again in 60 s"):format(guid, imp.status(m.code)) }
			again(60000)
		else
			x.say { event = "registered", guid = guid, seconds = 0 }
		end
	end
end

local function add_voucher(x, path)
	local v, bytes = D.read_voucher(path)
	local owner, why, at = imp.fdo.verify(bytes)
	if not owner then U.fail("%s: offset %d: %s", path, at, why) end
	local k = x.keys[owner.name]
	if not k or k.pub.bits ~= owner.bits then U.fail("%s: its owner is not one of ours (a %s key is needed: --key)", path, owner.name) end
	local guid = U.hex(v.guid)
	D.store_voucher(x.store, "owner", guid, v)
	register(x, guid)
end

-- Maker --------------------------------------------------------------------

local function maker_hooks(x)
	local cas = {}
	local function ca(k)
		cas[k] = cas[k] or D.new_ca(k.priv, k.pub, "imprint device CA")
		return cas[k]
	end
	return {
		ask = function(m)
			local kind = (m.topic == "anchor" or m.topic == "chain") and m.name:match("^fdo%.maker/(.+)$")
			if kind then
				local k = x.keys[kind] or x.only_key
				if not k then return { code = EFACT } end
				return { code = OK, data = m.topic == "anchor" and k.raw or k.chain or imp.encode(imp.array { imp.bytes(ca(k)) }) }
			elseif m.topic == "config" and m.name == "fdo.rvinfo" then
				if x.opt.bypass then return { code = OK, data = D.rvinfo_bypass(x.opt.bypass) } end
				return x.opt.rv and { code = OK, data = D.rvinfo(x.opt.rv) } or { code = EFACT }
			elseif m.topic == "issue" then
				local r, why = imp.csr(m.data)
				if not r then return { code = EDENIED, data = why } end
				local _, kind_of = imp.fdo.put_key(r.key)
				local k = x.keys[kind_of] or x.only_key
				if not k then return { code = EFACT } end
				local leaf = D.issue(ca(k), k.priv, r.spki, m.name)
				return leaf and { code = OK, data = imp.encode(imp.array { imp.bytes(leaf), imp.bytes(ca(k)) }) } or { code = EDENIED }
			end
		end,
		known = function(k)
			if k.topic ~= "voucher" then return end
			local bytes = imp.fdo.join(k.data, {})
			if not bytes or not x.opt.vouchers then return end
			imp.mkdir(x.opt.vouchers)
			U.write(("%s/%s.pem"):format(x.opt.vouchers, k.name), D.voucher_pem(bytes))
			x.say { event = "voucher", guid = k.name, file = ("%s/%s.pem"):format(x.opt.vouchers, k.name) }
		end,
		done = function(m)
			if m.code == OK and not x.roles.owner then x.finished() end
		end,
	}
end

-- --------------------------------------------------------------------------

local function pools(x, sessions)
	local places = {}
	local function heard(subject, role, hooks)
		local f = Facts.new { loop = x.loop, store = x.store, subject = subject, role = role, manifest = Facts.manifest_of("imp.fdo"), say = x.say, policy = x.policy, hooks = hooks }
		return function(m) f:guarded(m) end
	end
	local function pool(name, role, h, max) return x.loop:pool { name = name, stack = "fdo", role = role, count = sessions, idle = 600000, max_msg = max, heard = h } end
	if x.roles.owner then
		local h = heard("owner", "owner", owner_hooks(x))
		places.to2 = pool("owner", "owner", h, 8192)
		x.client = x.loop:pool { name = "client", stack = "fdo/http", role = "owner", count = 64, idle = 600000, max_msg = 65535, heard = h }
	end
	if x.roles.rv then
		local h = heard("rendezvous", "rendezvous", { done = function(m) if m.code == OK and not x.roles.owner then x.finished() end end })
		places.to0 = pool("rendezvous", "rendezvous", h, 65535)
		places.to1 = places.to0
	end
	if x.roles.maker then places.di = pool("maker", "maker", heard("maker", "maker", maker_hooks(x)), 16384) end
	return places
end

local function read_roles(opt)
	local roles, list, names = {}, {}, { owner = true, rv = true, maker = true }
	if not opt.role then U.usage("serve fdo needs --role: some of owner,rv,maker") end
	for r in opt.role:gmatch("[^,]+") do
		if not names[r] then U.usage("there is no role '%s'; nearest: %s", r, U.nearest(r, { "owner", "rv", "maker" })) end
		if not roles[r] then list[#list + 1] = r end
		roles[r] = true
	end
	return roles, list
end

local function check(x, opt)
	if (x.roles.owner or x.roles.maker) and not next(x.keys) then U.usage("the roles owner and maker need --key FILE (imprint make key FILE makes one)") end
	if x.roles.maker and not opt.rv and not opt.bypass then U.usage("the role maker needs --rv URL or --bypass URL: where its devices will look for their owner") end
	for _, u in ipairs(opt.rv or {}) do D.url(u, "rv") end
	for _, name in ipairs { "url", "bypass" } do
		if opt[name] then D.url(opt[name], name) end
	end
	local any = opt.listen and (opt.listen:find("^0%.0%.0%.0:") or opt.listen:find("^%[::%]:"))
	if x.roles.owner and any and not opt.url then U.usage("--listen %s needs --url http://HOST:PORT: where devices find us", opt.listen) end
end

function S.run(args)
	local opt, rest = U.options(args, options, "serve fdo")
	if opt.help then return print(S.help) end
	if rest[1] then U.usage("serve fdo takes no argument '%s'", rest[1]) end
	local x = { opt = opt, actions = in_order(args), registering = {} }
	local names
	x.roles, names = read_roles(opt)
	x.keys = read_keys(opt.key)
	read_chains(x.keys, opt.chain)
	if #(opt.key or {}) == 1 then -- it signs for devices with keys of every type
		local _, k = next(x.keys)
		x.only_key = k
	end
	check(x, opt)
	x.policy = Facts.read_policy(opt.policy)
	x.store = Facts.open(opt.store or ":memory:", opt.seal)
	x.store:sweep()
	x.say = Events.teller(opt)
	x.loop = imp.loop()
	function x.finished()
		if opt.once then x.loop:after(200, function() x.loop:stop() end) end
	end
	function x.registered(m)
		local f = x.registering[m.id]
		x.registering[m.id] = nil
		if f then f(m) end
	end
	Events.trace(x.loop, opt, Events.requests(x.say, D.label))
	local connections = U.number(opt, "connections", 1, 1000000) or 1000
	local front = x.loop:pool { name = "front", stack = "/http", role = "relay", count = connections, idle = 60000, max_msg = 65535, heard = function() end }
	front:route("imp.fdo", pools(x, U.number(opt, "sessions", 1, 1000000) or 1000))
	local bound, why = front:listen(opt.listen or "127.0.0.1:8040", connections)
	if not bound then U.fail("--listen %s: %s", opt.listen or "127.0.0.1:8040", why) end
	x.url = opt.url or "http://" .. bound
	if x.roles.owner and not opt.url and (bound:find("^0%.0%.0%.0:") or bound:find("^%[::%]:")) then U.usage("an owner that listens on %s needs --url: where devices find it", bound) end
	if not x.policy then x.say { event = "note", text = "there is no --policy: everything will be refused" } end
	if not opt.store then x.say { event = "note", text = "there is no --store: facts are in memory only" } end
	for _, v in ipairs(opt.voucher or {}) do add_voucher(x, v) end
	x.say { event = "ready", roles = names, address = bound, url = x.url }
	x.loop:signals(function() x.loop:stop() end)
	if opt.attached and not x.loop:lines(function(line) if not line then x.loop:stop() end end) then U.usage("--attached: standard input is no pipe, nobody can end us by it") end
	x.loop:run()
	x.store:close()
end

return S
