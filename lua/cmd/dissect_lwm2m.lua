-- dissect_lwm2m.lua -- LwM2M bootstrap in captured datagrams: CoAP, or the DTLS
-- records around it
local L = require "cmd.lwm2m"

local M = {}

local function port(address) return tonumber(address:match(":(%d+)$")) end

-- Who began is the client: of a DTLS session, or with POST /bs.
local function players(m, p, state, begins)
	local a, b = p.from .. " " .. p.to, p.to .. " " .. p.from
	if begins and not state[b] then state[a] = true end
	m.from, m.to = "server", "device"
	if state[a] then m.from, m.to = m.to, m.from end
	return m
end

function M.udp(p, state)
	local label, records = L.dtls(p.payload)
	if label then
		local fields = {}
		for i, r in ipairs(records) do fields[i] = { r.text, ("epoch %d, number %d, %d bytes"):format(r.epoch, r.number, r.size) } end
		return players({ label = label, fields = fields }, p, state, label:find("ClientHello", 1, true))
	end
	local known = state[p.from .. " " .. p.to] or state[p.to .. " " .. p.from]
	local text, fields, good = L.coap(p.payload)
	local begins = text and (text:find("^POST /bs%?") or text:find("^GET /bspack%?"))
	if not text or not known and not begins and port(p.to) ~= 5683 and port(p.from) ~= 5683 then return nil end
	return players({ label = text, bad = not good, fields = fields }, p, state, begins)
end

return M
