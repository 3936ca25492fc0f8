-- dissect_dpp.lua -- Wi-Fi Easy Connect in captured TCP (port 8908): each message
-- its length in 4 bytes, then a DPP frame or a GAS frame
local U = require "cmd.util"

local M = {}

local MOST = 1 << 16 -- bytes of one message
local HEAD, ADVERTISEMENT = "\x09\x50\x6f\x9a\x1a\x01", "\x6c\x08\x7f\xdd\x05\x50\x6f\x9a\x1a\x01"

local frames = { [0] = "Authentication Request", "Authentication Response", "Authentication Confirm", [5] = "Peer Discovery Request", [6] = "Peer Discovery Response",
	[7] = "PKEX v1 Exchange Request", [8] = "PKEX Exchange Response", [9] = "PKEX Commit-Reveal Request", [10] = "PKEX Commit-Reveal Response", [11] = "Configuration Result",
	[12] = "Connection Status Result", [13] = "Presence Announcement", [14] = "Reconfiguration Announcement", [15] = "Reconfig Auth Request", [16] = "Reconfig Auth Response",
	[17] = "Reconfig Auth Confirm", [18] = "PKEX Exchange Request" }
local gas = { [0x0a] = "Configuration Request", [0x0b] = "Configuration Response", [0x0c] = "Comeback Request", [0x0d] = "Comeback Response" }
-- Who sends them, where only one of the two may
local from_device = { [11] = true, [12] = true, [13] = true, [14] = true, [16] = true }
local from_configurator = { [15] = true, [17] = true }

-- From 0x1000 on
local attributes = { "status", "initiator's key hash", "responder's key hash", "initiator's protocol key", "wrapped", "initiator's nonce", "initiator's roles", "responder's nonce",
	"responder's roles", "responder's protocol key", "initiator's tag", "responder's tag", "configuration", "Connector", "configuration attributes", "bootstrapping key",
	false, "network's hash", "group", "encrypted key", "enrollee's nonce", "code identifier", "transaction", "bootstrapping info", "channel", "version", "enveloped data", "send status",
	"connection status", "reconfiguration flags", "C-sign key hash", "CSR attributes", "A-nonce", "E'-id", "C-nonce" }
local statuses = { [0] = "OK", "not compatible", "authentication failed", "cannot be unwrapped", "bad group", "configuration failed", "response pending", "invalid Connector", "no match",
	"configuration rejected", "no access point", "configuration pending", "a CSR is needed", "the CSR is bad", "a new key is needed" }

local function value(id, v)
	if id == 0x1000 and #v == 1 then return statuses[v:byte()] or tostring(v:byte()) end
	if id == 0x1004 then return ("%d bytes, encrypted"):format(#v) end
	if #v == 1 then return tostring(v:byte()) end
	if #v > 0 and #v <= 80 and not v:find("[^\x20-\x7e]") then return U.clean(v) end
	return #v <= 32 and U.hex(v) or ("%s... (%d bytes)"):format(U.hex(v:sub(1, 24)), #v)
end

-- Attributes as fields; false: they are malformed
local function attrs(out, s)
	local at = 1
	while at <= #s do
		local id, len
		if at + 3 <= #s then id, len = string.unpack("<I2I2", s, at) end
		if not id or at + 3 + len > #s then
			out[#out + 1] = { "attributes", ("malformed from byte %d on"):format(at - 1) }
			return
		end
		out[#out + 1] = { attributes[id - 0xfff] or ("attribute 0x%04x"):format(id), value(id, s:sub(at + 4, at + 3 + len)) }
		at = at + 4 + len
	end
end

local function dialog(out, kind, s)
	out[1] = { "dialog", tostring(s:byte(2) or "?") }
	local at = 3
	if kind == 0x0b or kind == 0x0d then
		if #s < 6 then return end
		out[2] = { "GAS status", tostring((string.unpack("<I2", s, 3))) }
		at = kind == 0x0d and 6 or 5
		local delay = at + 1 <= #s and string.unpack("<I2", s, at) or 0
		if delay > 0 then out[#out + 1] = { "come back after", ("%d TU"):format(delay) } end
		at = at + 2
	end
	if s:sub(at, at + #ADVERTISEMENT - 1) == ADVERTISEMENT then attrs(out, s:sub(at + #ADVERTISEMENT + 2)) end
end

-- One message; device: the port that sent configuration requests or presence
local function message(s)
	local out, kind = { fields = {}, size = #s }, s:byte()
	if s:sub(1, 6) == HEAD and #s >= 7 then
		local n = s:byte(7)
		out.label = frames[n] or ("frame " .. n)
		out.device = from_device[n] and true or from_configurator[n] and false or nil
		attrs(out.fields, s:sub(8))
	elseif gas[kind] and #s >= 2 then
		out.label = gas[kind]
		out.device = kind == 0x0a or kind == 0x0c
		dialog(out.fields, kind, s)
	else
		return nil
	end
	for _, f in ipairs(out.fields) do out.bad = out.bad or f[1] == "status" and f[2] ~= "OK" and f[2] ~= "response pending" end
	return out
end

-- All messages in the bytes of one direction, each with `last`, the offset of
-- its last byte; nil: this is no DPP.
function M.tcp(data)
	local list, at = {}, 1
	while at + 3 <= #data do
		local n = string.unpack(">I4", data, at)
		if n == 0 or n > MOST or at + 3 + n > #data then break end
		local m = message(data:sub(at + 4, at + 3 + n))
		if not m then break end
		m.last = at + 3 + n
		list[#list + 1] = m
		at = at + 4 + n
	end
	return #list > 0 and list or nil
end

-- Whose messages these are: once one of a stream tells, the others follow.
function M.players(list)
	for _, m in ipairs(list) do
		if m.device ~= nil then
			local device = m.device and m.from_address or m.to_address
			for _, other in ipairs(list) do
				other.from = other.from_address == device and "enrollee" or "configurator"
				other.to = other.from == "enrollee" and "configurator" or "enrollee"
			end
			return
		end
	end
end

return M
