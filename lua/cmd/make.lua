-- make.lua -- the factory, without a network
local imp = require "imprint"
local U = require "cmd.util"
local D = require "cmd.fdo"
local J = require "cmd.json"
local Facts = require "cmd.facts"
local Label = require "cmd.label"

local M = {}

M.help = [[
usage: imprint make key FILE [--curve p256|p384] [--public FILE]
       imprint make fdo DIR --key MAKER.pem (--rv URL | --bypass URL) [options]
key    a private key in PEM; --public: its public half beside it
fdo    devices as they leave the factory: for each DIR/SERIAL.db, its memory
       (credential, secret, attestation key), DIR/SERIAL.voucher.pem, and
       DIR/SERIAL.label.txt with a QR code
  --key FILE     the manufacturer's private key
  --rv URL       where devices look for their owner; again for more
  --bypass URL   devices go straight to the owner there
  --serial TEXT  serial number; with --count a number is put behind it (random)
  --info TEXT    device info                               (imprint-device)
  --curve C      of the attestation key                    (that of --key)
  --count N      how many                                  (1)
  --seal FILE    32 bytes: secrets in the memory are sealed with this key
  --json         what was made, as data]]

local options = { curve = "p256 or p384", public = "a file", key = "a file", rv = { "a URL" }, bypass = "a URL", serial = "a text", info = "a text", count = "a number", seal = "a file", json = true }

local function make_key(opt, path)
	if imp.stat(path) then U.fail("%s: is there already, and a key is not overwritten", path) end
	if opt.public == path then U.usage("--public is a file of its own, not '%s'", path) end
	local priv, pub = D.new_key(opt.curve or "p256")
	U.write(path, D.private_pem(priv, pub), 384)
	if opt.public then U.write(opt.public, U.to_pem("PUBLIC KEY", imp.spki(pub))) end
	local raw, kind = imp.fdo.put_key(pub)
	if opt.json then return print(J.encode { file = path, type = kind, sha256 = U.hex(imp.hash("sha256", raw)) }) end
	print(("%s: a %s key; SHA-256 of its public half (for policies): %s"):format(path, kind, U.hex(imp.hash("sha256", raw))))
end

local hash_name = { [-16] = "sha256", [-43] = "sha384" }

local function facts_of(store, list)
	local run = store:run()
	for _, f in ipairs(list) do
		f.run = run
		local ok, why = store:learn("device", f)
		if not ok then U.fail("the store: %s", why) end
	end
	local ok, why = store:commit(run)
	if not ok then U.fail("the store: %s", why) end
end

-- What DI would have done, both sides of it.
local function make_device(opt, dir, x, serial)
	local dev, dev_pub = D.new_key(opt.curve or (x.pub.alg == 2 and "p384" or "p256"))
	local leaf = D.issue(x.ca, x.priv, imp.spki(dev_pub), serial)
	local wide = x.pub.alg == 2 and dev_pub.alg == 2
	local hash, mac = wide and -43 or -16, wide and 6 or 5
	local secret, guid = imp.random(wide and 48 or 32), imp.random(16)
	local info = opt.info or "imprint-device"
	local header = imp.fdo.header { guid = guid, rvinfo = x.rvinfo, info = info, key = x.raw, hash_alg = hash, hash = imp.hash(hash, leaf .. x.ca) }
	local hmac = imp.array { mac, imp.bytes(imp.hmac(mac, secret, header)) }
	local chain = imp.array { imp.bytes(leaf), imp.bytes(x.ca) }
	local voucher = imp.encode(imp.array { 101, imp.bytes(header), hmac, chain, imp.array {} })
	local good, why = imp.fdo.verify(voucher, imp.flat { alg = mac, bits = secret, private = true })
	if not good then U.fail("the voucher of %s: %s", serial, why) end
	local base = dir .. "/" .. serial
	if imp.stat(base .. ".db") then U.fail("%s.db: there is such a device already", base) end
	local store, trouble = imp.store(base .. ".db", x.seal)
	if not store then U.fail("%s.db: %s", base, trouble) end
	facts_of(store, {
		{ topic = "voucher", name = "fdo.credential", data = imp.encode(imp.array { true, 101, info, imp.bytes(guid), imp.raw(x.rvinfo), imp.array { hash, imp.bytes(imp.hash(hash, x.raw)) } }) },
		{ topic = "key", name = "fdo.hmac", data = imp.flat { alg = mac, bits = secret, private = true }, secret = true },
		{ topic = "key", name = "fdo.attestation", data = imp.flat(dev), secret = true },
		{ topic = "identity", name = "serial", data = serial },
	})
	store:close()
	U.write(base .. ".voucher.pem", D.voucher_pem(voucher))
	local text = D.label_text(U.hex(guid), serial, info)
	U.write(base .. ".label.txt", text .. "\n" .. imp.qr(text))
	if not opt.json then io.write(Label.show(text)) end
	return { guid = U.hex(guid), serial = serial, store = base .. ".db", voucher = base .. ".voucher.pem", label = text }
end

local function make_fdo(opt, dir)
	if not opt.key then U.usage("make fdo needs --key, the manufacturer's private key") end
	if not opt.rv == not opt.bypass then U.usage("make fdo needs --rv URL or --bypass URL: where the device will look for its owner") end
	local count = U.number(opt, "count", 1, 100000) or 1
	local x = { rvinfo = opt.rv and D.rvinfo(opt.rv) or D.rvinfo_bypass(opt.bypass) }
	x.priv, x.pub = D.read_private(opt.key)
	x.raw = imp.fdo.put_key(x.pub)
	x.ca = D.new_ca(x.priv, x.pub, "imprint device CA")
	x.seal = Facts.seal(opt.seal)
	if opt.serial and not opt.serial:find("^[%w][%w._-]*$") then U.usage("--serial is letters, digits and . _ -, not '%s'", opt.serial) end
	local ok, why = imp.mkdir(dir)
	if not ok then U.fail("%s", why) end
	local made = J.array {}
	for i = 1, count do
		local serial = opt.serial and (count > 1 and ("%s-%d"):format(opt.serial, i) or opt.serial) or U.hex(imp.random(6))
		made[#made + 1] = make_device(opt, dir, x, serial)
	end
	if opt.json then return print(J.encode(made, "")) end
	for _, d in ipairs(made) do print(("%s: GUID %s, %s"):format(d.store, d.guid, d.voucher)) end
end

function M.run(args)
	local opt, rest = U.options(args, options, "make")
	if opt.help then return print(M.help) end
	local what, path = rest[1], rest[2]
	if what ~= "key" and what ~= "fdo" then
		U.usage(what and "make cannot make '%s'; nearest: %s" or "make what?  key or fdo", what, what and U.nearest(what, { "key", "fdo" }))
	end
	if not path or rest[3] then U.usage("make %s takes one path", what) end
	if what == "key" then return make_key(opt, path) end
	return make_fdo(opt, path)
end

return M
