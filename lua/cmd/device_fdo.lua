-- device_fdo.lua -- be a device of FIDO Device Onboard
local imp = require "imprint"
local U = require "cmd.util"
local D = require "cmd.fdo"
local Facts = require "cmd.facts"
local Events = require "cmd.events"
local Files = require "cmd.files"

local V = {}

V.help = [[
usage: imprint device fdo --store FILE [options]
Onboard with the credential in the store (TO1, TO2); with --di get one first.
  --store FILE     the device's memory                  (device.db)
  --seal FILE      32 bytes: secrets in it are sealed with this key
  --di URL         Device Initialize at this manufacturer, then stop
  --serial TEXT    its serial number, for --di          (random)
  --info TEXT      its device info, for --di            (imprint-device)
  --key FILE       its attestation key, for --di        (a new one)
  --curve p256|p384  of a new key                       (p256)
  --enc x509|x5chain|cose  how the manufacturer's key shall stand in the
                   voucher, for --di                    (x509)
  --dir DIR        files from the owner go here, files for it come from here;
                   without it both are refused
  --allow-run      run the commands the owner sends, in --dir
  --kex NAME, --cipher NUMBER  instead of the defaults
  --no-reuse       do not accept credential reuse
  --keep-trying    if there is no owner yet, wait and try again
  --events         what happens, as JSON lines
  --pcap FILE      what crosses the wire, for Wireshark]]

local options = { store = "a file", seal = "a file", di = "a URL", serial = "a text", info = "a text", key = "a file", curve = "p256 or p384", enc = "x509, x5chain or cose", dir = "a directory",
	["allow-run"] = true, kex = "a name", cipher = "a number", ["no-reuse"] = true, ["keep-trying"] = true, events = true, attached = true, pcap = "a file" }

local OK, EFACT, EDENIED = 0, -12, -3
local encodings = { x509 = 1, x5chain = 2, cose = 3 }

local function devmod()
	local function from(path, otherwise)
		local f = io.open(path)
		local s = f and f:read("l")
		if f then f:close() end
		return s and s ~= "" and s or otherwise
	end
	return imp.encode { os = from("/proc/sys/kernel/ostype", "unknown"), version = from("/proc/sys/kernel/osrelease", "unknown"), arch = imp.machine(),
		device = "imprint-device", sn = "", sep = ";", bin = imp.machine(), nl = "\n", tmp = "/tmp", dir = "/" }
end

local function config(opt)
	local c = { reuse = not opt["no-reuse"] }
	c.kex = opt.kex
	c.cipher = U.number(opt, "cipher", 1, 255)
	return imp.encode(c)
end

local function hooks(x)
	local opt = x.opt
	local facts = { ["config fdo.devmod"] = devmod, ["config fdo.device"] = function() return config(opt) end,
		["server fdo.di"] = function() return opt.di end, ["config fdo.mfginfo"] = function() return imp.encode(imp.array { x.serial, opt.info or "imprint-device", encodings[opt.enc or "x509"] }) end }
	return {
		ask = function(m)
			local f = facts[("%s %s"):format(m.topic, m.name)]
			if f then
				local v = f()
				return v and { code = OK, data = v } or { code = EFACT }
			end
			if m.topic == "image" then return x.files:read(m.name, m.code) end
			if m.topic ~= "run" then return nil end
			if m.name == "fdo.wget" then return x.files:fetch(m) end
			if not opt["allow-run"] then
				x.say { event = "trouble", text = "refused to run " .. m.name .. " (--allow-run)" }
				return { code = EDENIED }
			end
			return x.files:execute(m)
		end,
		learn = function(m, run)
			if m.topic == "image" then return x.files:write(run, m) end
		end,
		commit = function(run) x.files:place(run) end,
		done = function(m, run)
			x.files:forget(run)
			x.ended(m)
		end,
	}
end

-- The attestation key, made once.
local function factory_key(x)
	local opt = x.opt
	local priv
	if x.store:ask("device", { topic = "key", name = "fdo.attestation" }) and not opt.key then return end
	if opt.key then
		priv = D.read_private(opt.key)
	else
		priv = D.new_key(opt.curve or "p256")
	end
	local ok, why = x.store:learn("device", { topic = "key", name = "fdo.attestation", data = imp.flat(priv), secret = true })
	if not ok then U.fail("the store: %s", why) end
end

function V.run(args)
	local opt, rest = U.options(args, options, "device fdo")
	if opt.help then return print(V.help) end
	if rest[1] then U.usage("device fdo takes no argument '%s'", rest[1]) end
	opt.store = opt.store or "device.db"
	if opt.enc and not encodings[opt.enc] then U.usage("--enc is x509, x5chain or cose, not '%s'", opt.enc) end
	if opt.di then
		D.url(opt.di, "di")
	elseif not imp.stat(opt.store) then
		U.fail("%s: there is no such store; --di URL or imprint make fdo makes one", opt.store)
	end
	local x = { opt = opt, store = (opt.di and Facts.open or Facts.existing)(opt.store, opt.seal), say = Events.teller(opt), loop = imp.loop() }
	local has = x.store:ask("device", { topic = "voucher", name = "fdo.credential" })
	if opt.di and has then U.fail("%s: holds a credential already, and --di would destroy it; choose another --store", opt.store) end
	if not opt.di and not has then U.fail("%s: holds no credential; --di URL or imprint make fdo makes one", opt.store) end
	x.serial = opt.serial or U.hex(imp.random(6))
	if opt.di then factory_key(x) end
	local facts = Facts.new { loop = x.loop, store = x.store, subject = "device", role = "device", manifest = Facts.manifest_of("imp.fdo"), say = x.say, policy = nil, cap = 8192 }
	x.files = Files.new(opt.dir, opt.store, x.loop, facts, x.say)
	facts.hooks = hooks(x)
	local pool = x.loop:pool { name = "client", stack = "fdo/http", role = "device", count = 1, max_msg = 16384, heard = function(m) facts:heard(m) end }
	Events.trace(x.loop, opt, Events.requests(x.say, D.label))
	local result
	local function start()
		if not pool:start { topic = opt.di and "voucher" or nil } then x.loop:after(10, start) end
	end
	function x.ended(m)
		if m.code > 0 and opt["keep-trying"] then return x.loop:after(math.max(m.when, 1000), start) end
		result = m.code
		x.loop:after(0, function() x.loop:stop() end)
	end
	if opt.attached and not x.loop:lines(function(line) if not line then x.loop:stop() end end) then U.usage("--attached: standard input is no pipe, nobody can end us by it") end
	start()
	x.loop:run()
	x.store:close()
	return result == OK and 0 or 1
end

return V
