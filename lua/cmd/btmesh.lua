-- btmesh.lua -- what hosts need to know of Bluetooth Mesh provisioning: names
-- of PDUs in PB-ADV frames, options, facts.  Frames go over UDP, one AD structure
-- without its length byte in each datagram, in place of a radio.
local imp = require "imprint"
local U = require "cmd.util"

local B = {}

local pdus = { [0] = "Invite", "Capabilities", "Start", "Public Key", "Input Complete", "Confirmation", "Random", "Data", "Complete", "Failed",
	"Record Request", "Record Response", "Records Get", "Records List" }
local failed = { "invalid PDU", "invalid format", "unexpected PDU", "confirmation failed", "out of resources", "decryption failed", "unexpected error", "cannot assign addresses", "invalid data" }
local closed = { [0] = "success", "timeout", "fail" }

-- What a frame is: a name, and whether it is good; nil: of no interest (a
-- segment, an acknowledgement).  Frames are told once: `seen` remembers.
function B.label(frame, seen)
	local kind = frame:byte(1)
	if kind == 0x2b and #frame >= 20 and frame:byte(2) == 0 then
		local text = "unprovisioned device beacon"
		if seen[text] then return end
		seen[text] = true
		return text, true
	end
	if kind ~= 0x29 or #frame < 7 then return end
	local control, key = frame:byte(7), frame:sub(2, 6) .. string.char(frame:byte(7))
	if seen[key] then return end
	seen[key] = true
	if control & 3 == 0 and #frame >= 11 then
		local n = frame:byte(11)
		local text = pdus[n] or ("PDU " .. n)
		if n == 9 then text = text .. ": " .. (failed[frame:byte(12) or 0] or "?") end
		return text, n ~= 9
	elseif control == 0x03 then
		return "Link Open", true
	elseif control == 0x07 then
		return "Link Ack", true
	elseif control == 0x0b then
		local reason = frame:byte(8) or 0
		if seen.close then return end
		seen.close = true
		return "Link Close: " .. (closed[reason] or reason), reason == 0
	end
end

-- Traces of one side of the link; where a device's own link is.
function B.story(say, device)
	local seen, linked = {}, false
	return function(m)
		if m.verb ~= "rx" and m.verb ~= "tx" then return end
		if device then
			if not linked and m.here ~= "" then
				linked = true
				say { event = "link", here = m.here, peer = m.peer }
			end
			return
		end
		seen[m.id] = seen[m.id] or {}
		local text, good = B.label(m.data, seen[m.id])
		if text then say { event = "message", peer = m.peer, reply = m.verb == "tx" or nil, label = text, size = #m.data, bad = not good or nil } end
	end
end

local actions = { output = { blink = 1, beep = 2, vibrate = 4, number = 8, text = 16 }, input = { push = 1, twist = 2, number = 4, text = 8 } }

-- "blink,number:6" -> { digits, bits }
function B.oob(opt, name)
	local text = opt[name]
	if not text then return nil end
	local list, digits = text:match("^([%a,]+):(%d)$")
	local bits = 0
	for a in (list or ""):gmatch("%a+") do
		if not actions[name][a] then U.usage("--%s: there is no action '%s'; nearest: %s", name, a, U.nearest(a, { "blink", "beep", "vibrate", "number", "text", "push", "twist" })) end
		bits = bits | actions[name][a]
	end
	digits = tonumber(digits)
	if bits == 0 or digits < 1 or digits > 8 then U.usage("--%s is ACTION[,ACTION...]:DIGITS, e.g. %s:4, not '%s'", name, name == "output" and "blink,number" or "push,number", text) end
	return imp.array { digits, bits }
end

function B.hex(opt, name, least, most)
	local v = opt[name]
	if not v then return nil end
	local bytes = U.unhex(v)
	if not bytes or #bytes < least or #bytes > most then U.usage("--%s is %d to %d bytes in hex, not '%s'", name, least, most, v) end
	return bytes
end

-- An RFC 4122 uuid of version 4.
function B.uuid()
	local b = { imp.random(16):byte(1, 16) }
	b[7] = b[7] & 0x0f | 0x40
	b[9] = b[9] & 0x3f | 0x80
	return string.char(table.unpack(b))
end

-- A symmetric key in its flat form: alg, flags, slot, bytes.
function B.flat(bytes) return string.pack("=i4I4I8", 5, 0, 0) .. bytes end

return B
