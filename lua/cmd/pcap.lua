-- pcap.lua -- what crossed the wire, as a file that Wireshark opens: classic
-- pcap, LINKTYPE_ETHERNET (1), microseconds.  Only payloads are known here, so
-- Ethernet (addresses of zeros, as on loopback), IPv4 or IPv6 and TCP or UDP
-- are made around them: every connection begins with its three-way handshake,
-- counts its sequence numbers and ends with FINs, checksums are right.
local imp = require "imprint"
local U = require "cmd.util"
local Capture = require "cmd.capture"

local P = {}
P.__index = P

local FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
local SEGMENT = 1440

function P.create(path)
	local f, why = io.open(path, "wb")
	if not f then U.fail("%s", why) end
	f:write(string.pack("<I4I2I2i4I4I4I4", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
	return setmetatable({ file = f, path = path, id = 0, connections = {}, clients = {} }, P)
end

function P:close()
	self.file:close()
end

-- A whole frame, as it was or as it is made here.
function P:frame(t, frame)
	local s = math.floor(t)
	self.file:write(string.pack("<I4I4I4I4", s & 0xffffffff, math.min(999999, math.floor((t - s) * 1e6)), #frame, #frame), frame)
	self.file:flush()
end

-- Frames ----------------------------------------------------------------------

local function checksum(s)
	local sum = 0
	if #s % 2 == 1 then s = s .. "\0" end
	for i = 1, #s, 2 do sum = sum + string.unpack(">I2", s, i) end
	while sum > 0xffff do sum = (sum & 0xffff) + (sum >> 16) end
	return ~sum & 0xffff
end

-- "127.0.0.1:80", "[::1]:80" -> 4 or 16 bytes, port
local function address(text)
	local host, port = text:match("^(.-):(%d+)$")
	return host and imp.ip((host:gsub("%%.*", ""))), tonumber(port)
end

function P:ip(t, from, to, protocol, payload)
	local zeros = ("\0"):rep(12)
	if #from == 16 then
		return self:frame(t, zeros .. "\x86\xdd" .. string.pack(">I4I2BB", 0x60000000, #payload, protocol, 64) .. from .. to .. payload)
	end
	self.id = self.id + 1 & 0xffff
	local head = string.pack(">BBI2I2I2BB", 0x45, 0, 20 + #payload, self.id, 0x4000, 64, protocol)
	self:frame(t, zeros .. "\8\0" .. head .. string.pack(">I2", checksum(head .. "\0\0" .. from .. to)) .. from .. to .. payload)
end

local function pseudo(from, to, protocol, length)
	if #from == 16 then return from .. to .. string.pack(">I4I4", length, protocol) end
	return from .. to .. string.pack(">BBI2", 0, protocol, length)
end

function P:udp(t, from, from_port, to, to_port, data)
	local function datagram(sum) return string.pack(">I2I2I2I2", from_port, to_port, 8 + #data, sum) .. data end
	local sum = checksum(pseudo(from, to, 17, 8 + #data) .. datagram(0))
	self:ip(t, from, to, 17, datagram(sum == 0 and 0xffff or sum))
end

-- From side 1 (who opened) or 2 of a connection
function P:tcp(t, c, side, flags, data)
	local other = 3 - side
	local function segment(sum)
		return string.pack(">I2I2I4I4BBI2I2I2", c.port[side], c.port[other], c.seq[side], flags & ACK ~= 0 and c.seq[other] or 0, 0x50, flags, 65535, sum, 0) .. data
	end
	local sum = checksum(pseudo(c.ip[side], c.ip[other], 6, 20 + #data) .. segment(0))
	self:ip(t, c.ip[side], c.ip[other], 6, segment(sum))
	c.seq[side] = c.seq[side] + #data + (flags & (SYN | FIN) ~= 0 and 1 or 0) & 0xffffffff
end

-- Connections -----------------------------------------------------------------

local function key(m) return ("%s %d %d"):format(m.pool, m.id, m.link) end

-- The connection of this message, begun with it if it is new; nil: it has no
-- addresses.
function P:connection(m, t)
	local c = self.connections[key(m)]
	if c and (m.here == "" or c.here == m.here and c.peer == m.peer) then return c end
	local here, here_port = address(m.here)
	local peer, peer_port = address(m.peer)
	if not here or not peer or #here ~= #peer then return nil end
	local opened = self.clients[key(m)]
	c = { here = m.here, peer = m.peer, mine = opened and 1 or 2, seq = { 1000, 2000 } }
	c.ip = opened and { here, peer } or { peer, here }
	c.port = opened and { here_port, peer_port } or { peer_port, here_port }
	self.connections[key(m)] = c
	self:tcp(t, c, 1, SYN, "")
	self:tcp(t, c, 2, SYN | ACK, "")
	self:tcp(t, c, 1, ACK, "")
	return c
end

function P:stream(m, t)
	local c = self:connection(m, t)
	local side = c and (m.verb == "tx" and c.mine or 3 - c.mine)
	for at = 1, c and #m.data or 0, SEGMENT do self:tcp(t, c, side, PSH | ACK, m.data:sub(at, at + SEGMENT - 1)) end
end

function P:datagram(m, t)
	local here, here_port = address(m.here)
	local peer, peer_port = address(m.peer)
	if not here or not peer or #here ~= #peer then return end
	if m.verb == "tx" then
		self:udp(t, here, here_port, peer, peer_port, m.data)
	else
		self:udp(t, peer, peer_port, here, here_port, m.data)
	end
end

-- side: who ends it first
function P:over(m, t, broken)
	local c = self.connections[key(m)]
	if not c then return end
	self.connections[key(m)] = nil
	local first = m.verb == "shut" and c.mine or 3 - c.mine
	if broken then return self:tcp(t, c, first, RST | ACK, "") end
	self:tcp(t, c, first, FIN | ACK, "")
	self:tcp(t, c, 3 - first, FIN | ACK, "")
	self:tcp(t, c, first, ACK, "")
end

-- One message that crossed a boundary (loop:trace)
function P:saw(m)
	local t = imp.unix()
	if m.wire == "stream" then
		self:stream(m, t)
	elseif m.wire == "datagram" then
		self:datagram(m, t)
	elseif m.verb == "open" and not m.fed then
		self.clients[key(m)] = true
	elseif m.verb == "down" and m.fed or m.verb == "shut" and not m.fed then
		self:over(m, t, m.verb == "down" and m.code < 0)
		self.clients[key(m)] = nil
	end
end

-- The captures of several players as one: what two of them saw is taken from
-- the one that saw it first.
function P:merge(paths)
	local all, whose = {}, {}
	for i, path in ipairs(paths) do
		local bytes = imp.stat(path) == "file" and U.read(path) or ""
		for n, p in ipairs(Capture.is_capture(bytes) and Capture.read(bytes).packets or {}) do
			local frame = p.data
			if Capture.dissect(p) then
				local low, high = p.from, p.to
				if high < low then low, high = high, low end
				all[#all + 1] = { t = p.t, n = n, file = i, frame = frame, flow = p.kind .. low .. " " .. high }
			end
		end
	end
	table.sort(all, function(a, b) return a.t < b.t or a.t == b.t and (a.file < b.file or a.file == b.file and a.n < b.n) end)
	for _, p in ipairs(all) do
		whose[p.flow] = whose[p.flow] or p.file
		if whose[p.flow] == p.file then self:frame(p.t, p.frame) end
	end
	self:close()
end

return P
