-- voucher.lua -- show, extend, verify ownership vouchers
local imp = require "imprint"
local U = require "cmd.util"
local D = require "cmd.fdo"
local Facts = require "cmd.facts"

local V = {}

V.help = [[
usage: imprint voucher show FILE
       imprint voucher verify FILE [--store DEVICE.db] [--maker PUBLIC.pem] [--owner PUBLIC.pem]
       imprint voucher extend FILE --key PRESENT.pem --to NEXT.pem [--out FILE]
show    what is in it
verify  every hash and signature; with --store also the HMAC of that device,
        with --maker and --owner that it starts and ends in these keys
extend  one more owner: signed by the present one's private key, to the next
        one's public key (PUBLIC KEY, CERTIFICATEs or private key in PEM),
        encoded like the manufacturer's, if it can be (X5CHAIN: the
        CERTIFICATEs, X509 without any); without --out to standard output]]

local options = { store = "a device's store", seal = "a file", maker = "a PEM file", owner = "a PEM file", key = "a private key", to = "a public key", out = "a file" }

local function verify(opt, path)
	local v, bytes = D.read_voucher(path)
	local secret
	if opt.store then
		local a, why = Facts.existing(opt.store, opt.seal):ask("device", { topic = "key", name = "fdo.hmac" })
		if not a then U.fail("%s: its key fdo.hmac: %s", opt.store, why) end
		secret = a.data
	end
	local owner, why, at = imp.fdo.verify(bytes, secret)
	if not owner then U.fail("%s: offset %d: %s", path, at, why) end
	local function same(option, bits, what)
		if opt[option] and D.read_public(opt[option]).bits ~= bits then U.fail("%s: its %s is not %s", path, what, opt[option]) end
	end
	same("maker", imp.fdo.key(v.key).bits, "manufacturer")
	same("owner", owner.bits, "owner")
	print(("good: GUID %s, %d %s, owner key %s%s"):format(U.hex(v.guid), owner.count, owner.count == 1 and "entry" or "entries", owner.name, secret and ", HMAC of this device" or ""))
end

local function extend(opt, path)
	if not opt.key or not opt.to then U.usage("voucher extend needs --key and --to") end
	local v, bytes = D.read_voucher(path)
	local good, bad, at = imp.fdo.verify(bytes)
	if not good then U.fail("%s: offset %d: %s", path, at, bad) end
	local priv, pub = D.read_private(opt.key)
	if pub.bits ~= good.bits then U.fail("%s: not the key of the present owner (a %s key)", opt.key, good.name) end
	local enc, chain = imp.fdo.key(v.key).enc, D.read_chain(opt.to)
	if enc == "crypto" or enc == "x5chain" and not chain then enc = "x509" end
	local raw, kind = imp.fdo.put_key(D.read_public(opt.to), enc, chain)
	if not raw then U.fail("%s: %s", opt.to, kind) end
	if kind ~= good.name then U.fail("%s: the next owner's key must be %s, as all in this voucher, and is %s", opt.to, good.name, kind) end
	local entry, why = imp.fdo.extend(bytes, priv, raw)
	if not entry then U.fail("%s: %s", path, why) end
	v.entries[#v.entries + 1] = entry
	local whole = imp.fdo.join(v.head, v.entries)
	local ok, reason = imp.fdo.verify(whole)
	if not ok then U.fail("%s: extended, it does not verify: %s", path, reason) end
	local pem = D.voucher_pem(whole)
	if not opt.out then return io.write(pem) end
	U.write(opt.out, pem)
	print(("%s: %d %s now"):format(opt.out, #v.entries, #v.entries == 1 and "entry" or "entries"))
end

function V.run(args)
	local opt, rest = U.options(args, options, "voucher")
	if opt.help then return print(V.help) end
	local what, path = rest[1], rest[2]
	local does = { verify = verify, extend = extend, show = function(_, p)
		local v, bytes = D.read_voucher(p)
		require("cmd.inspect").voucher(bytes, v)
	end }
	if not does[what] then U.usage(what and "voucher cannot '%s'; nearest: %s" or "voucher what?  show, verify or extend", what, what and U.nearest(what, { "show", "verify", "extend" })) end
	if not path or rest[3] then U.usage("voucher %s takes one file", what) end
	return does[what](opt, path)
end

return V
