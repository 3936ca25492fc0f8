-- dissect_btmesh.lua -- Mesh provisioning in captured datagrams: one AD structure
-- of PB-ADV each, as the UDP bearer of imprint carries them
local U = require "cmd.util"
local B = require "cmd.btmesh"

local M = {}

local algorithms = { [0] = "BTM_ECDH_P256_CMAC_AES128_AES_CCM", "BTM_ECDH_P256_HMAC_SHA256_AES_CCM" }
local methods = { [0] = "no out-of-band", "static", "output", "input" }

local function hex(s) return #s <= 32 and U.hex(s) or ("%s... (%d bytes)"):format(U.hex(s:sub(1, 24)), #s) end

-- By type of PDU: how many bytes follow that byte (nil: any number), their fields
local pdus = {
	[0] = { 1, function(d) return { { "attention", ("%d s"):format(d:byte()) } } end },
	[1] = { 11, function(d)
		local elements, algs, key, oob, out_size, out, in_size, in_ = string.unpack(">BI2BBBI2BI2", d)
		return { { "elements", tostring(elements) }, { "algorithms", ("0x%04x"):format(algs) }, { "public key", key & 1 == 1 and "also out of band" or "in band" },
			{ "static secret", oob & 1 == 1 and "there is one" or "none" }, { "output", ("size %d, actions 0x%04x"):format(out_size, out) }, { "input", ("size %d, actions 0x%04x"):format(in_size, in_) } }
	end },
	[2] = { 5, function(d)
		local alg, key, method, action, size = d:byte(1, 5)
		return { { "algorithm", algorithms[alg] or tostring(alg) }, { "public key", key == 1 and "out of band" or "in band" }, { "authentication", ("%s, action %d, size %d"):format(methods[method] or method, action, size) } }
	end },
	[3] = { 64, function(d) return { { "x", U.hex(d:sub(1, 32)) }, { "y", U.hex(d:sub(33)) } } end },
	[4] = { 0, function() return {} end },
	[5] = { nil, function(d) return { { "confirmation", hex(d) } } end },
	[6] = { nil, function(d) return { { "random", hex(d) } } end },
	[7] = { 33, function(d) return { { "encrypted", ("%d bytes and a MIC of 8"):format(#d - 8) } } end },
	[8] = { 0, function() return {} end },
	[9] = { 1, function(d) return { { "error", tostring(d:byte()) } } end },
}

-- The checksum of a PB-ADV transaction (3GPP TS 27.010)
local function fcs(s)
	local c = 0xff
	for i = 1, #s do
		c = c ~ s:byte(i)
		for _ = 1, 8 do c = c & 1 == 1 and c >> 1 ~ 0xe0 or c >> 1 end
	end
	return ~c & 0xff
end

local function pdu(t, first)
	local parts = {}
	for i = 0, t.last do parts[#parts + 1] = t[i] end
	local whole = table.concat(parts)
	local n, fields = whole:byte() & 0x3f, nil
	local spec = pdus[n]
	if #whole ~= t.length or fcs(whole) ~= t.fcs then
		fields = { { "body", "its length or checksum is wrong" } }
	elseif not spec or spec[1] and #whole - 1 ~= spec[1] then
		fields = { { "body", hex(whole) } }
	else
		fields = spec[2](whole:sub(2))
	end
	local label, good = B.label(first, {})
	return { label = label, bad = not good, fields = fields, size = #whole }
end

-- Parts of transactions until they are whole: pdu, false (it is not), nil
local function transaction(state, name, frame)
	local control = frame:byte(7)
	local t = state[name]
	if control & 3 == 0 and #frame >= 11 and not t then
		local length = string.unpack(">I2", frame, 8)
		t = { last = control >> 2, length = length, fcs = frame:byte(10), first = frame, [0] = frame:sub(11) }
		state[name] = t
	elseif control & 3 == 2 and t and not t.told and control >> 2 <= t.last then
		t[control >> 2] = frame:sub(8)
	else
		return false
	end
	if t.told then return false end
	for i = 0, t.last do
		if not t[i] then return false end
	end
	t.told = true
	return pdu(t, t.first)
end

-- Transactions below 128 are the provisioner's.
local function players(m, from_provisioner)
	m.from, m.to = "device", "provisioner"
	if from_provisioner then m.from, m.to = m.to, m.from end
	return m
end

local function beacon(frame, state)
	local label, good = B.label(frame, state)
	if not label then return false end
	local fields = { { "uuid", U.hex(frame:sub(3, 18)) } }
	if #frame >= 20 then fields[2] = { "out of band", ("0x%04x"):format(string.unpack(">I2", frame, 19)) } end
	return players({ label = label, bad = not good, fields = fields }, false)
end

local function bearer(frame, state)
	local label, good = B.label(frame, state)
	if not label then return false end
	local fields = { { "link", U.hex(frame:sub(2, 5)) } }
	if frame:byte(7) == 0x03 and #frame >= 23 then fields[2] = { "uuid", U.hex(frame:sub(8, 23)) } end
	return players({ label = label, bad = not good, fields = fields }, frame:byte(7) ~= 0x07)
end

-- state: one for each capture, from the caller
function M.udp(p, state)
	local frame = p.payload
	if #frame >= 18 and frame:sub(1, 2) == "\x2b\0" then return beacon(frame, state) end
	if frame:byte() ~= 0x29 or #frame < 7 or #frame > 31 then return nil end
	if frame:byte(7) & 3 == 3 then return bearer(frame, state) end
	if frame:byte(7) & 3 == 1 then return false end -- an acknowledgement
	local m = transaction(state, frame:sub(2, 6), frame)
	return m and players(m, frame:byte(6) < 128)
end

return M
