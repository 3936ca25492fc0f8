-- fdo.lua -- a device, a maker's voucher for it and its owner, made from nothing
local imp = require "imprint"
local Host = require "host"
local F = {}

local function var(n, v) return imp.array { n, imp.bytes(imp.encode(v)) } end

local function issue(o) return assert(imp.issue(o)) end

-- device, owner: two parties, joined; the device goes straight to its owner.
function F.world(stack)
	local maker, maker_pub = imp.keygen "p256"
	local owner, owner_pub = imp.keygen "p256"
	local dev, dev_pub = imp.keygen "p256"
	local raw, owner_raw = imp.fdo.put_key(maker_pub), imp.fdo.put_key(owner_pub)
	local ca = issue { serial = "\1", issuer_cn = "ca", subject_cn = "ca", not_before = 1600000000, key = maker_pub, ca = true, alg = -7, signer = maker }
	local leaf = issue { serial = "\2", issuer = imp.cert(ca).subject, issuer_key_id = imp.cert(ca).key_id, subject_cn = "dev", not_before = 1600000000, spki = imp.spki(dev_pub), alg = -7, signer = maker }
	local rvinfo = imp.encode(imp.array { imp.array { imp.array { 14 }, var(5, "owner"), var(3, 80), var(12, 1) } })
	local guid, secret = imp.random(16), imp.flat { alg = 5, bits = imp.random(32), private = true }
	local header = imp.fdo.header { guid = guid, rvinfo = rvinfo, info = "lamp", key = raw, hash_alg = -16, hash = imp.hash(-16, leaf .. ca) }
	local hmac = imp.array { 5, imp.bytes(imp.hmac(5, imp.unflat(secret).bits, header)) }
	local bytes = imp.encode(imp.array { 101, imp.bytes(header), hmac, imp.array { imp.bytes(leaf), imp.bytes(ca) }, imp.array {} })
	local v = imp.fdo.voucher(bytes)
	local entry = assert(imp.fdo.extend(bytes, maker, owner_raw))
	local name = guid:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
	local o = Host.party { stack = "fdo", role = "owner", max_msg = 8192, authorize = function() return true end, facts = {
		["voucher " .. name] = { v.head, entry }, ["key fdo.owner/secp256r1"] = imp.flat(owner), ["server fdo.to2"] = imp.encode(imp.array {}) } }
	local d = Host.party { stack = stack or "fdo", role = "device", max_msg = 8192, peer = o, facts = {
		["voucher fdo.credential"] = imp.encode(imp.array { true, 101, "lamp", imp.bytes(guid), imp.raw(rvinfo), imp.array { -16, imp.bytes(imp.hash(-16, raw)) } }),
		["key fdo.hmac"] = secret, ["key fdo.attestation"] = imp.flat(dev), ["config fdo.devmod"] = imp.encode { os = "none", arch = "none", version = "1", device = "lamp", sep = ";", bin = "none" } } }
	return d, o, name
end

return F
