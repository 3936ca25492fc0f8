-- dissect_fdo.lua -- FDO messages in captured HTTP, field by field
local imp = require "imprint"
local U = require "cmd.util"
local D = require "cmd.fdo"

-- A dissector is a file dissect_NAME.lua that is built in.  It returns
--   { http = function(m, state) end }  m a request { method, path, fields, body }
--                                      or a reply { status, fields, body, request }
--   { udp = function(p, state) end }   p a datagram { payload, from, to }
--   { tcp = function(data, state) end } data: the bytes of one direction; gives a
--                                      list, each with last, its last byte's offset
-- which give nil: not mine; false: mine, but nothing to tell (a part, a repetition);
-- or { label=, from= and to= (players), bad=, size=, fields = { { name, text }, ... } }.
-- state is a table of its own for each capture.
local F = {}

local names = { [-7] = "ES256", [-35] = "ES384", [-257] = "RS256", [-258] = "RS384", [-37] = "PS256", [-38] = "PS384", [-16] = "SHA-256", [-43] = "SHA-384",
	[5] = "HMAC-SHA-256", [6] = "HMAC-SHA-384", [1] = "A128GCM", [3] = "A256GCM", [32] = "AES-CCM-64-128-128", [33] = "AES-CCM-64-128-256" }

local function alg(n) return names[n] or "algorithm " .. tostring(n) end
local function is(v, kind) return imp.kind(v) == kind end

local function short(s, n)
	s = U.clean(s)
	n = n or 100
	if (utf8.len(s) or #s) <= n then return s end
	return s:sub(1, (utf8.offset(s, n - 2) or n) - 1) .. "..."
end

-- Kinds of fields -------------------------------------------------------------

local K = {}

function K.any(v)
	if v == nil then return "nothing" end
	return short((imp.diag(imp.encode(v)):gsub("%s+", " ")))
end
function K.hex(v)
	if not is(v, "bytes") then return K.any(v) end
	local s = tostring(v)
	return #s <= 32 and U.hex(s) or ("%s... (%d bytes)"):format(U.hex(s:sub(1, 24)), #s)
end
function K.text(v) return type(v) == "string" and short(v) or K.any(v) end
function K.sig(v) return is(v, "array") and alg(v[1]) or K.any(v) end
function K.hash(v)
	if not is(v, "array") or not is(v[2], "bytes") then return K.any(v) end
	return ("%s %s"):format(alg(v[1]), U.hex(v[2]))
end
function K.cipher(v) return alg(v) end
function K.key(v)
	local raw = imp.encode(v)
	local k = imp.fdo.key(raw)
	return k and ("%s, SHA-256 %s"):format(k.name, U.hex(imp.hash("sha256", (imp.fdo.put_key(k))))) or "(unknown key)"
end
function K.seconds(v) return math.type(v) == "integer" and ("%d s"):format(v) or K.any(v) end

-- Adds the parts of an array as `spec` calls them: { name, kind, ... }
local function array(out, v, spec)
	if not is(v, "array") then
		out[#out + 1] = { "body", "not the array it should be: " .. K.any(v) }
		return false
	end
	for i = 1, #spec, 2 do
		local x = v[(i + 1) // 2]
		if x ~= nil then
			local kind = spec[i + 1]
			if type(kind) == "function" then kind(out, x, spec[i]) else out[#out + 1] = { spec[i], K[kind](x) } end
		end
	end
	return true
end

local function inside(v) return is(v, "bytes") and imp.decode(tostring(v)) or nil end

local header = { "version", "any", "guid", "hex", "rendezvous", "any", "device info", "text", "manufacturer", "key", "chain hash", "hash" }
local function ovheader(out, v)
	array(out, inside(v), header)
end

local function mfg(out, v)
	local m = inside(v)
	if not is(m, "array") then m = v end
	array(out, m, { "key type", "any", "key encoding", "any", "serial", "text", "device info", "text", "request", "hex" })
end

-- The payload of a COSE_Sign1, or nil
local function signed(out, v)
	if not is(v, "tag") or v.tag ~= 18 or not is(v.value, "array") then
		out[#out + 1] = { "body", "not the COSE_Sign1 it should be: " .. K.any(v) }
		return nil
	end
	local protected = inside(v.value[1])
	out[#out + 1] = { "signed", is(protected, "map") and alg(protected[1]) or "?" }
	return inside(v.value[3]), v.value[2]
end

local function eat(out, v)
	local m, unprotected = signed(out, v)
	if not is(m, "map") then return end
	if is(m[256], "bytes") then out[#out + 1] = { "guid", U.hex(tostring(m[256]):sub(2)) } end
	out[#out + 1] = { "nonce", K.hex(m[10] or imp.null) }
	if is(m[-257], "array") then out[#out + 1] = { "key exchange B", K.hex(m[-257][1] or imp.null) } end
	if is(unprotected, "map") and unprotected[-259] then out[#out + 1] = { "nonce for setup", K.hex(unprotected[-259]) } end
end

local function to1d(out, v)
	array(out, signed(out, v), { "owner is at", "any", "hash of to0d", "hash" })
end

local function to0d(out, v)
	local d = inside(v)
	if not is(d, "array") then return end
	local raw = d[1] and imp.encode(d[1])
	local voucher = raw and imp.fdo.voucher(raw)
	out[#out + 1] = { "voucher", voucher and ("GUID %s, %d entries"):format(U.hex(voucher.guid), #voucher.entries) or "not well-formed" }
	out[#out + 1] = { "wait", K.seconds(d[2]) }
end

local function proof(out, v)
	local m, unprotected = signed(out, v)
	array(out, m, { "header", ovheader, "entries", "any", "hmac", "hash", "nonce", "hex", "signs with", "sig", "key exchange A", "hex", "hash of hello", "hash", "largest message", "any" })
	if is(unprotected, "map") and unprotected[257] then out[#out + 1] = { "owner", K.key(unprotected[257]) } end
end

local function entry(out, v)
	local p = signed(out, v)
	if is(p, "array") then array(out, p, { "hash of what precedes", "hash", "hash of the header's info", "hash", "extra", "any", "next owner", "key" }) end
end

local function sealed(out, v)
	local protected = is(v, "tag") and v.tag == 16 and is(v.value, "array") and inside(v.value[1])
	if not is(protected, "map") then
		out[#out + 1] = { "body", "not the COSE_Encrypt0 it should be: " .. K.any(v) }
		return
	end
	local text = v.value[3]
	out[#out + 1] = { "encrypted", ("%s, %d bytes"):format(alg(protected[1]), is(text, "bytes") and #tostring(text) or 0) }
end

local function of(spec) return function(out, v) array(out, v, spec) end end

local bodies = {
	[10] = of { "mfg info", mfg }, [11] = of { "header", ovheader }, [12] = of { "hmac", "hash" }, [13] = of {},
	[20] = of {}, [21] = of { "nonce", "hex" }, [22] = of { "to0d", to0d, "to1d", to1d }, [23] = of { "granted", "seconds" },
	[30] = of { "guid", "hex", "signs with", "sig" }, [31] = of { "nonce", "hex", "signs with", "sig" }, [32] = eat, [33] = to1d,
	[60] = of { "largest message", "any", "guid", "hex", "nonce", "hex", "key exchange", "text", "cipher", "cipher", "signs with", "sig" },
	[61] = proof, [62] = of { "entry", "any" }, [63] = of { "entry", "any", "next", entry }, [64] = eat,
	[255] = of { "error", "any", "after message", "any", "says", "text", "time", "any", "number", "any" },
}
for n = 65, 71 do bodies[n] = sealed end

-- Who talks to whom, by the number
local function players(n, previous)
	local of_run = { [1] = { "device", "manufacturer" }, [2] = { "owner", "rendezvous" }, [3] = { "device", "rendezvous" }, [6] = { "device", "owner" }, [7] = { "device", "owner" } }
	local pair = of_run[(n == 255 and previous or n) // 10]
	return pair and pair[1], pair and pair[2]
end

local function previous_of(body)
	local e = imp.decode(body)
	return is(e, "array") and math.type(e[2]) == "integer" and e[2] or 0
end

local function number(m)
	if m.method then return m.path:match("/fdo/%d+/msg/(%d+)$") end
	return m.fields["message-type"] or m.request and m.request.path:match("/fdo/%d+/msg/%d+$") and ""
end

local function plain_reply(m)
	local asker, asked = players(tonumber(m.request and number(m.request)) or 0)
	return { label = ("HTTP %d %s"):format(m.status, short(m.reason or "", 20)), bad = m.status >= 400, from = asked, to = asker, fields = {} }
end

function F.http(m)
	local text = number(m)
	local n = text and #text <= 3 and math.tointeger(tonumber(text))
	if text and not n and m.status then return plain_reply(m) end
	if not n then return nil end
	local asker, asked = players(n, n == 255 and previous_of(m.body) or 0)
	local out = { label = ("%d %s"):format(n, D.messages[n] or "?"), bad = n == 255, fields = {}, from = m.method and asker or asked, to = m.method and asked or asker }
	if m.cut then
		out.fields[1] = { "body", ("cut short: %d bytes of it were captured"):format(#m.body) }
		return out
	end
	local v, why, at = imp.decode(m.body)
	if v == nil then
		out.fields[1] = { "body", m.body == "" and "empty" or ("not CBOR: %s (byte %d)"):format(why or "?", at or 0) }
	elseif bodies[n] then
		bodies[n](out.fields, v)
	else
		out.fields[1] = { "body", K.any(v) }
	end
	return out
end

return F
