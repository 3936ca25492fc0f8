-- fdo.lua -- what hosts need to know of FIDO Device Onboard
local imp = require "imprint"
local U = require "cmd.util"

local D = {}

D.messages = { [10] = "DI.AppStart", [11] = "DI.SetCredentials", [12] = "DI.SetHMAC", [13] = "DI.Done",
	[20] = "TO0.Hello", [21] = "TO0.HelloAck", [22] = "TO0.OwnerSign", [23] = "TO0.AcceptOwner",
	[30] = "TO1.HelloRV", [31] = "TO1.HelloRVAck", [32] = "TO1.ProveToRV", [33] = "TO1.RVRedirect",
	[60] = "TO2.HelloDevice", [61] = "TO2.ProveOVHdr", [62] = "TO2.GetOVNextEntry", [63] = "TO2.OVNextEntry",
	[64] = "TO2.ProveDevice", [65] = "TO2.SetupDevice", [66] = "TO2.DeviceServiceInfoReady", [67] = "TO2.OwnerServiceInfoReady",
	[68] = "TO2.DeviceServiceInfo", [69] = "TO2.OwnerServiceInfo", [70] = "TO2.Done", [71] = "TO2.Done2", [255] = "Error" }

-- The name of a request (by its path) or of the reply to it; good: no error.
function D.label(name, reply)
	local n
	if reply then
		n = tonumber(reply.name:match("message%-type: (%d+)"))
		if not n then return "HTTP " .. reply.code, reply.code < 400 end
		if n == 255 then
			local e = imp.decode(reply.data)
			local code = imp.kind(e) == "array" and e[1] or "?"
			return ("255 Error %s (%s)"):format(code, imp.kind(e) == "array" and tostring(e[3]) or ""), false
		end
	else
		n = tonumber(name:match("/msg/(%d+)"))
	end
	return n and ("%d %s"):format(n, D.messages[n] or "?") or name:match("^[^\n]*"), true
end

-- Keys ----------------------------------------------------------------------

local oid = { [1] = "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", [2] = "\x06\x05\x2b\x81\x04\x00\x22" }

local function der(tag, content)
	local n = #content
	local len = n < 128 and string.char(n) or n < 256 and "\x81" .. string.char(n) or "\x82" .. string.pack(">I2", n)
	return string.char(tag) .. len .. content
end

-- SEC 1 ECPrivateKey
function D.private_pem(priv, pub)
	return U.to_pem("EC PRIVATE KEY", der(0x30, der(2, "\1") .. der(4, priv.bits) .. der(0xa0, oid[priv.alg]) .. der(0xa1, der(3, "\0" .. pub.bits))))
end

function D.new_key(curve)
	local known = { p256 = true, p384 = true, ["P-256"] = "p256", ["P-384"] = "p384" }
	if not known[curve] then U.usage("--curve is p256 or p384, not '%s'", curve) end
	local priv, pub = imp.keygen(known[curve] == true and curve or known[curve])
	if not priv then U.fail("%s", pub) end
	return priv, pub
end

-- The one block of these labels in a PEM file.
local function block(path, labels, what)
	local text = U.read(path)
	local blocks, why, at = U.pem(text)
	if not blocks then U.fail("%s: offset %d: %s", path, at, why) end
	for _, b in ipairs(blocks) do
		if labels[b.label] then return b.bytes, b.label end
	end
	U.fail("%s: offset 0: expected %s", path, what)
end

function D.read_private(path)
	local bytes = block(path, { ["EC PRIVATE KEY"] = true, ["PRIVATE KEY"] = true, ["RSA PRIVATE KEY"] = true }, "a private key in PEM (EC PRIVATE KEY, PRIVATE KEY or RSA PRIVATE KEY)")
	local priv, why = imp.private(bytes)
	if not priv then U.fail("%s: offset 0 of the block: %s", path, why) end
	local pub, reason = imp.fdo.public(priv)
	if not pub then U.fail("%s: %s", path, reason) end
	return priv, pub
end

-- Certificates, the leaf first: an encoded chain and the leaf's key; nil: there
-- is none in the file.
function D.read_chain(path)
	local blocks, why, at = U.pem(U.read(path))
	if not blocks then U.fail("%s: offset %d: %s", path, at, why) end
	local chain = imp.array {}
	for _, b in ipairs(blocks) do
		if b.label == "CERTIFICATE" then chain[#chain + 1] = imp.bytes(b.bytes) end
	end
	if #chain == 0 then return nil end
	local leaf, bad = imp.cert(tostring(chain[1]))
	if not leaf then U.fail("%s: offset 0 of the first certificate: %s", path, bad) end
	return imp.encode(chain), leaf.key
end

-- A public key: PUBLIC KEY, CERTIFICATE, or a private key's other half.
function D.read_public(path)
	local bytes, label = block(path, { ["PUBLIC KEY"] = true, ["CERTIFICATE"] = true, ["EC PRIVATE KEY"] = true, ["PRIVATE KEY"] = true, ["RSA PRIVATE KEY"] = true }, "a PUBLIC KEY or a CERTIFICATE in PEM")
	local key, why
	if label == "PUBLIC KEY" then
		key, why = imp.spki_read(bytes)
	elseif label == "CERTIFICATE" then
		key, why = imp.cert(bytes)
		key = key and key.key
	else
		local _
		_, key = D.read_private(path)
	end
	if not key then U.fail("%s: offset 0 of the block: %s", path, why) end
	return key
end

-- Vouchers ------------------------------------------------------------------

function D.read_voucher(path)
	local text, bytes = U.read(path), nil
	if text:find("-----BEGIN ", 1, true) then
		bytes = block(path, { ["OWNERSHIP VOUCHER"] = true }, "-----BEGIN OWNERSHIP VOUCHER-----")
	else
		bytes = text
	end
	local v, why, at = imp.fdo.voucher(bytes)
	if not v then U.fail("%s: offset %d%s: expected an ownership voucher (%s)", path, at or 0, bytes ~= text and " of the block" or "", why) end
	return v, bytes
end

function D.voucher_pem(bytes) return U.to_pem("OWNERSHIP VOUCHER", bytes) end

function D.store_voucher(store, subject, guid, v)
	local run = store:run()
	local function put(code, data)
		local ok, why = store:learn(subject, { topic = "voucher", name = guid, code = code, data = data, many = true, run = run })
		if not ok then U.fail("the store: %s", why) end
	end
	store:learn(subject, { topic = "voucher", name = guid, forget = true, run = run })
	put(0, v.head)
	for i, e in ipairs(v.entries) do put(i, e) end
	local ok, why = store:commit(run)
	if not ok then U.fail("the store: %s", why) end
end

-- Addresses -----------------------------------------------------------------

-- "http://host:port" -> host, port, protocol of RendezvousInfo, of to1d
function D.url(text, option)
	local scheme, rest = text:match("^(%l+)://([^/]+)/?$")
	local host, port
	if rest then
		host, port = rest:match("^(%[[%x:]+%]):?(%d*)$")
		if not host then host, port = rest:match("^([%w.-]+):?(%d*)$") end
	end
	if scheme ~= "http" or not host then U.usage("--%s is like http://host:port, not '%s'", option, text) end
	port = port == "" and 80 or math.tointeger(tonumber(port))
	if not port or port < 1 or port > 65535 then U.usage("--%s: the port of '%s' is not 1 to 65535", option, text) end
	return host, port
end

local function var(n, v) return imp.array { n, imp.bytes(imp.encode(v)) } end

-- The variable that says where: an address or a name
local function where(host)
	local ip = imp.ip(host)
	return ip and var(2, imp.bytes(ip)) or var(5, host)
end

-- RendezvousInfo: each URL a directive
function D.rvinfo(urls)
	local all = imp.array {}
	for _, u in ipairs(urls) do
		local host, port = D.url(u, "rv")
		all[#all + 1] = imp.array { where(host), var(3, port), var(4, port), var(12, 1) }
	end
	return imp.encode(all)
end

-- A device that goes straight to its owner
function D.rvinfo_bypass(url)
	local host, port = D.url(url, "bypass")
	return imp.encode(imp.array { imp.array { imp.array { 14 }, where(host), var(3, port), var(12, 1) } })
end

-- RVTO2AddrEntry array
function D.to2(urls)
	local all = imp.array {}
	for _, u in ipairs(urls) do
		local host, port = D.url(u, "url")
		local ip = imp.ip(host)
		all[#all + 1] = imp.array { ip and imp.bytes(ip) or imp.null, ip and imp.null or host, port, 3 }
	end
	return imp.encode(all)
end

-- Certificates of devices -----------------------------------------------------

local sig_of = { [1] = -7, [2] = -35, [-257] = -257 }

-- A CA of the manufacturer, self-signed with its key: the same every time but
-- for the signature.
function D.new_ca(priv, pub, cn)
	local der_, why = imp.issue { serial = "\1", issuer_cn = cn, subject_cn = cn, not_before = os.time() - 86400, key = pub, ca = true, alg = sig_of[priv.alg], signer = priv }
	if not der_ then U.fail("the device CA: %s", why) end
	return der_
end

function D.issue(ca, ca_priv, spki, cn)
	if cn:find("\0") then return nil, "a name with NUL in it" end -- C would take another name from it
	local c = imp.cert(ca)
	local serial = imp.random(16)
	serial = string.char(serial:byte(1) & 0x7f | 0x40) .. serial:sub(2)
	return imp.issue { serial = serial, issuer = c.subject, issuer_key_id = c.key_id, subject_cn = cn, not_before = os.time() - 86400, spki = spki, alg = sig_of[ca_priv.alg], signer = ca_priv }
end

-- The label on a device's box
function D.label_text(guid, serial, info)
	return ("FDO:%s;S:%s;M:%s"):format(guid, serial, info)
end

return D
