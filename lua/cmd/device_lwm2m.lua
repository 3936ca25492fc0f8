-- device_lwm2m.lua -- be an LwM2M client that is bootstrapped
local imp = require "imprint"
local U = require "cmd.util"
local L = require "cmd.lwm2m"
local Facts = require "cmd.facts"
local Events = require "cmd.events"

local V = {}

V.help = [[
usage: imprint device lwm2m --bs URI --ep NAME [credentials] [options]
Be bootstrapped: ask the bootstrap server at --bs, be written to, keep what holds
together.  Without credentials: no DTLS (coap:).
  --bs URI            coaps://HOST:PORT or coap://HOST:PORT; with --ep and
                      credentials it makes the bootstrap account, when the store
                      has none yet
  --ep NAME           our endpoint name
  --psk IDENTITY=HEX  a pre-shared key
  --cert FILE         our certificate, or our raw public key (PUBLIC KEY), PEM
  --key FILE          the private key to it, PEM
  --server FILE       the bootstrap server's certificate or public key, PEM
  --pct FORMAT        how to be written to: tlv, senml-json, senml-cbor or cbor
  --pack              ask for a Bootstrap-Pack first
  --hold SECONDS      wait before asking (Client Hold Off Time)
  --account SECONDS   the bootstrap account ends so long after it was used
  --store FILE        the device's memory                      (lwm2m.db)
  --seal FILE         32 bytes: secrets in it are sealed with this key
  --events            what happens, as JSON lines
  --pcap FILE         what crosses the wire, for Wireshark]]

local options = { bs = "a URI", ep = "a name", psk = "IDENTITY=HEX", cert = "a file", key = "a file", server = "a file", pct = "a format", pack = true, hold = "seconds", account = "seconds",
	store = "a file", seal = "a file", events = true, attached = true, pcap = "a file" }

local OK = 0

-- The bootstrap account that the options describe
local function account(opt)
	local own = L.own(opt)
	local s = { uri = opt.bs, bootstrap = true, mode = 3, hold = U.number(opt, "hold", 0, 86400), timeout = U.number(opt, "account", 0, 1 << 29) }
	if own and opt.psk then U.usage("--psk or --cert, not both") end
	if opt.psk then
		s.mode, s.public, s.secret = 0, L.psk(opt.psk)
	elseif own then
		if not opt.server then U.usage("--cert needs --server: whom to trust") end
		s.mode, s.public, s.secret, s.server = own.raw and 1 or 2, own.chain[1], own.private, L.pem(opt.server)[1].bytes
	end
	if (s.mode == 3) ~= (opt.bs:match("^coap://") ~= nil) then U.usage("--bs %s: %s", opt.bs, s.mode == 3 and "coaps: needs --psk or --cert" or "credentials are for coaps:") end
	return L.security(s)
end

local function check(opt)
	if opt.pct and not L.formats[opt.pct] then U.usage("--pct is tlv, senml-json, senml-cbor or cbor, not '%s'", opt.pct) end
	if not opt.ep or #opt.ep > 64 then U.usage("device lwm2m needs --ep NAME, at most 64 bytes") end
	if opt.bs and not opt.bs:find("^coaps?://[^%s/]+$") then U.usage("--bs is coaps://HOST:PORT or coap://HOST:PORT, not '%s'", opt.bs) end
end

-- A store's own bootstrap account stays: servers may have replaced it.
local function furnish(store, opt)
	if store:ask("device", { topic = "config", name = "lwm2m" }) then return end
	if not opt.bs then U.usage("device lwm2m needs --bs URI: the store has no bootstrap account yet") end
	store:learn("device", { topic = "config", name = "lwm2m/0/0", data = account(opt), secret = true })
	store:learn("device", { topic = "config", name = "lwm2m", data = imp.encode(imp.array { imp.array { 0, 0, imp.null, true } }) })
end

local function hooks(x)
	return {
		ask = function(m)
			if m.topic == "config" and m.name == "lwm2m.client" then return { code = OK, data = imp.encode { ep = x.opt.ep, pct = L.formats[x.opt.pct], pack = x.opt.pack or nil } } end
		end,
		done = function(m) x.ended(m) end,
	}
end

function V.run(args)
	local opt, rest = U.options(args, options, "device lwm2m")
	if opt.help then return print(V.help) end
	if rest[1] then U.usage("device lwm2m takes no argument '%s'", rest[1]) end
	check(opt)
	local x = { opt = opt, store = Facts.open(opt.store or "lwm2m.db", opt.seal), say = Events.teller(opt), loop = imp.loop() }
	x.store:sweep()
	furnish(x.store, opt)
	x.facts = Facts.new { loop = x.loop, store = x.store, subject = "device", role = "device", manifest = Facts.manifest_of("imp.lwm2m"), say = x.say, hooks = hooks(x) }
	local pool = x.loop:pool { name = "client", stack = "lwm2m/coap/dtls", role = "device", count = 1, max_msg = 2048, max_chain = 4096, heard = function(m) x.facts:heard(m) end }
	Events.trace(x.loop, opt, L.story(x.say))
	local result
	function x.ended(m)
		result = m.code
		x.loop:after(m.code == OK and 500 or 50, function() x.loop:stop() end) -- a lost answer is asked for again
	end
	x.loop:signals(function() x.loop:stop() end)
	x.say { event = "ready", roles = { "client" }, address = opt.bs or "" }
	if not pool:start {} then U.fail("no session could be started") end
	x.loop:run()
	x.store:close()
	return result == OK and 0 or 1
end

return V
