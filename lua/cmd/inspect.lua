-- inspect.lua -- what is in a file
local imp = require "imprint"
local U = require "cmd.util"
local Facts = require "cmd.facts"
local Capture = require "cmd.capture"
local Traffic = require "cmd.traffic"

local I = {}

I.help = [[
usage: imprint inspect FILE... [--json]
Shows what a file holds, whatever it is: PEM, X.509 certificates, PKCS#10
requests, keys (never their secret part), ownership vouchers, device
credentials, COSE, any CBOR (diagnostic notation; << >> is CBOR inside a byte
string).  A capture (pcap or pcapng) becomes a ladder of the messages of built-in
protocols in it, field by field.  - is standard input.
  --json  a capture's messages as data]]

local alg_names = { [-7] = "ES256", [-35] = "ES384", [-257] = "RS256", [-258] = "RS384", [-37] = "PS256", [-38] = "PS384", [-8] = "EdDSA",
	[1] = "A128GCM", [3] = "A256GCM", [32] = "AES-CCM-64-128-128", [33] = "AES-CCM-64-128-256", [5] = "HMAC-SHA-256", [6] = "HMAC-SHA-384" }
local curve_names = { [1] = "P-256", [2] = "P-384", [3] = "P-521", [6] = "Ed25519", [-257] = "RSA" }

local function date(t) return t >= 253402300799 and "never" or os.date("!%Y-%m-%dT%H:%M:%SZ", t) end

local function key_text(k)
	local name = curve_names[k.alg] or ("algorithm " .. k.alg)
	return k.alg == -257 and ("%s, %d bytes"):format(name, #k.bits) or name
end

function I.cert(der, indent)
	local c = imp.cert(der)
	if not c then return nil end
	local function say(what, v) print(("%s%-10s %s"):format(indent, what, v)) end
	say("subject", c.subject_cn ~= "" and "CN=" .. U.clean(c.subject_cn) or U.hex(c.subject))
	say("issuer", c.issuer_cn ~= "" and "CN=" .. U.clean(c.issuer_cn) or U.hex(c.issuer))
	say("serial", U.hex(c.serial))
	say("valid", date(c.not_before) .. " to " .. date(c.not_after))
	say("key", key_text(c.key) .. (c.ca and ", a CA" or ""))
	say("signed", alg_names[c.sig_alg] or "by an unknown algorithm")
	say("sha-256", U.hex(imp.hash("sha256", der)))
	return true
end

local encodings = { crypto = "Crypto", x509 = "X509", x5chain = "X5CHAIN", cose = "COSEKEY" }

-- The hash is the one that policies see: of the key, however it is encoded.
local function describe_public(raw)
	local k = imp.fdo.key(raw)
	if not k then return "unknown key" end
	return ("%s as %s, SHA-256 %s"):format(k.name, encodings[k.enc], U.hex(imp.hash("sha256", (imp.fdo.put_key(k)))))
end

-- The PublicKey of the next owner in an entry: COSE_Sign1 of [.., .., .., key]
local function next_owner(entry)
	local v = imp.decode(entry)
	local payload = imp.kind(v) == "tag" and imp.kind(v.value) == "array" and imp.decode(tostring(v.value[3]))
	return imp.kind(payload) == "array" and payload[4] and imp.encode(payload[4])
end

function I.voucher(bytes, v)
	print("ownership voucher, FDO 1.1")
	print("  GUID         " .. U.hex(v.guid))
	print("  device info  " .. U.clean(v.info))
	print("  made by      " .. describe_public(v.key))
	print("  rendezvous   " .. (imp.diag(v.rvinfo):gsub("\n", "\n               ")))
	for i, der in ipairs(v.chain) do
		print(("  certificate %d of the device"):format(i))
		if not I.cert(der, "    ") then print("    not well-formed") end
	end
	print(("  entries      %d"):format(#v.entries))
	for i, e in ipairs(v.entries) do
		local key = next_owner(e)
		print(("    %-10d %s"):format(i, key and describe_public(key) or "not well-formed"))
	end
	local owner, why, at = imp.fdo.verify(bytes)
	if owner then
		print(("  owner now    %s %s"):format(owner.name, U.hex(owner.bits):sub(1, 32) .. "..."))
		print("  chain        good")
	else
		print(("  chain        %s (offset %d)"):format(U.paint("red", why), at))
	end
end

local function cose(v)
	local names = { [16] = "COSE_Encrypt0", [17] = "COSE_Mac0", [18] = "COSE_Sign1" }
	if imp.kind(v) ~= "tag" or not names[v.tag] or imp.kind(v.value) ~= "array" then return end
	local protected = imp.decode(tostring(v.value[1]))
	local alg = imp.kind(protected) == "map" and protected[1]
	print(names[v.tag] .. (alg and ", " .. (alg_names[alg] or "algorithm " .. tostring(alg)) or ""))
end

local hide

-- The shape of fdo.h's fact: [active, 101, info, guid, rvinfo, [hash]]
local function credential(v)
	return imp.kind(v) == "array" and #v >= 6 and type(v[1]) == "boolean" and v[2] == 101 and (imp.kind(v[4]) == "bytes" or imp.kind(v[5]) == "bytes")
end

-- Secrets are not for terminals: the HMAC secret where FDO puts it in a
-- credential, and whatever calls itself secret.  Was there any?
function hide(v)
	local kind, found = imp.kind(v), false
	if credential(v) and #v >= 7 and imp.kind(v[3]) == "bytes" then
		v[3], found = "(a secret, not shown)", true
	end
	if kind == "tag" then return hide(v.value) or found end
	if kind ~= "array" and kind ~= "map" then return false end
	for k, x in pairs(v) do
		if type(k) == "string" and (k:lower():find("secret") or k:lower():find("private")) then
			v[k], found = "(a secret, not shown)", true
		else
			found = hide(x) or found
		end
	end
	return found
end

-- As CBOR, else nil, why, offset
local function as_cbor(bytes)
	local v, why, at = imp.decode(bytes)
	if v == nil and why then return nil, why, at end
	local voucher = imp.kind(v) == "array" and #v == 5 and v[1] == 101 and imp.fdo.voucher(bytes)
	if voucher then
		I.voucher(bytes, voucher)
		return true
	end
	if credential(v) then
		local guid = #v >= 7 and imp.kind(v[3]) == "bytes" and v[5] or v[4]
		print("device credential, GUID " .. U.hex(guid))
	end
	cose(v)
	print(imp.diag(hide(v) and imp.encode(v) or bytes))
	return true
end

local function as_der(bytes)
	local k = imp.private(bytes)
	if k then
		print("private key, " .. key_text(k) .. " (its secret part is not shown)")
		return true
	end
	k = imp.spki_read(bytes)
	if k then
		print("public key, " .. key_text(k) .. "\n  SHA-256 of SubjectPublicKeyInfo " .. U.hex(imp.hash("sha256", bytes)))
		local raw, name = imp.fdo.put_key(k)
		if raw then print(("  as FDO PublicKey (%s) %s"):format(name, U.hex(imp.hash("sha256", raw)))) end
		return true
	end
	local r = imp.csr(bytes)
	if r then
		print("certificate request, " .. key_text(r.key) .. "\n  subject    CN=" .. U.clean(r.subject_cn))
		return true
	end
	return imp.cert(bytes) and (print("certificate") or I.cert(bytes, "  "))
end

local function anything(bytes)
	if bytes:byte(1) == 0x30 and as_der(bytes) then return true end
	local ok, why, at = as_cbor(bytes)
	return ok, why and "neither PEM nor DER that is known here; as CBOR: " .. why, at
end

local expected = {
	["OWNERSHIP VOUCHER"] = function(b)
		local v, why, at = imp.fdo.voucher(b)
		if v then I.voucher(b, v) end
		return v and true, why, at
	end,
	["CERTIFICATE"] = function(b) return as_der(b), "expected an X.509 certificate in DER", 0 end,
	["CERTIFICATE REQUEST"] = function(b) return as_der(b), "expected a PKCS#10 request in DER", 0 end,
	["PUBLIC KEY"] = function(b) return as_der(b), "expected a SubjectPublicKeyInfo in DER", 0 end,
	["PRIVATE KEY"] = function(b) return as_der(b), "expected a private key in DER", 0 end,
	["EC PRIVATE KEY"] = function(b) return as_der(b), "expected a private key in DER", 0 end,
	["RSA PRIVATE KEY"] = function(b) return as_der(b), "expected a private key in DER", 0 end,
}

-- true, or nil, why, offset
function I.show(bytes)
	if bytes == "" then return nil, "expected PEM, DER or CBOR, found an empty file", 0 end
	if not bytes:find("-----BEGIN ", 1, true) then return anything(bytes) end
	local blocks, why, at = U.pem(bytes)
	if not blocks then return nil, why, at end
	if #blocks == 0 then return nil, "expected -----BEGIN LABEL----- on a line of its own", bytes:find("-----BEGIN ", 1, true) - 1 end
	for _, b in ipairs(blocks) do
		print(U.paint("bold", U.clean(b.label)))
		local ok, reason, offset = (expected[b.label] or anything)(b.bytes)
		if not ok then return nil, ("%s (byte %d of the block %s)"):format(reason, offset or 0, b.label), b.at end
	end
	return true
end

-- A store: every fact of every subject, secrets by their size only.
local function store(path)
	local s = Facts.existing(path)
	local last
	for _, f in ipairs(s:all()) do
		if f.subject ~= last then print(U.paint("bold", "facts of " .. f.subject)) end
		last = f.subject
		local value = (f.secret or f.topic == "key") and ("(a secret, %d bytes)"):format(#f.data) or U.clean(Facts.readable(f.data, 300))
		print(("  %s %s%s: %s"):format(f.topic, U.clean(f.name), f.part > 0 and "[" .. f.part .. "]" or "", value))
	end
	s:close()
end

function I.run(args)
	local opt, files = U.options(args, { json = true }, "inspect")
	if opt.help then return print(I.help) end
	if not files[1] then U.usage("inspect which file?") end
	for _, path in ipairs(files) do
		if #files > 1 then print(U.paint("bold", path .. ":")) end
		if path ~= "-" and Facts.is_store(path) then
			store(path)
		else
			local bytes = path == "-" and io.read("a") or U.read(path)
			local capture = Capture.is_capture(bytes)
			if opt.json and not capture then U.usage("--json is for captures, and %s is none", path) end
			local ok, why, at = (capture and Traffic.show or I.show)(bytes, opt.json)
			if not ok then U.fail("%s: offset %d: %s", path, at or 0, why or "not understood") end
		end
	end
end

return I
