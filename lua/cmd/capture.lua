-- capture.lua -- packets out of pcap and pcapng files, whoever wrote them, and
-- what TCP and UDP carried in them.  Everything in such a file is hostile:
-- nothing is believed that the file's own length does not bear out.
local C = {}

local LARGEST = 1 << 20 -- bytes of one packet or block that is plausible
local MOST = 500000 -- packets of a file

-- Files -----------------------------------------------------------------------

local magics = { -- classic pcap: byte order, fraction of a second
	["\xd4\xc3\xb2\xa1"] = { "<", 1e6 }, ["\xa1\xb2\xc3\xd4"] = { ">", 1e6 }, ["\x4d\x3c\xb2\xa1"] = { "<", 1e9 }, ["\xa1\xb2\x3c\x4d"] = { ">", 1e9 },
}
local SECTION = "\x0a\x0d\x0d\x0a"

function C.is_capture(bytes)
	return magics[bytes:sub(1, 4)] ~= nil or bytes:sub(1, 4) == SECTION
end

-- Adds to r.packets; r.cut: it ends in the middle; else true, or nil, why, offset
local function classic(bytes, r)
	local order, fraction = table.unpack(magics[bytes:sub(1, 4)])
	if #bytes < 24 then return nil, "expected the 24 bytes of a pcap header", #bytes end
	local link = string.unpack(order .. "I4", bytes, 21) & 0xffff
	local at = 25
	while at <= #bytes do
		if at + 15 > #bytes then
			r.cut = at - 1
			return true
		end
		local s, f, len, whole = string.unpack(order .. "I4I4I4I4", bytes, at)
		if len > LARGEST then return nil, ("a packet of %d bytes is not plausible"):format(len), at + 7 end
		if at + 15 + len > #bytes then
			r.cut = at - 1
			len = #bytes - at - 15
		end
		r.packets[#r.packets + 1] = { t = s + f / fraction, link = link, data = bytes:sub(at + 16, at + 15 + len), size = whole }
		at = at + 16 + len
		if #r.packets == MOST then
			r.most = MOST
			return true
		end
	end
	return true
end

-- The options of an interface: how fine its clock is, and its offset
local function interface(order, body)
	local link = string.unpack(order .. "I2", body)
	local i = { link = link, unit = 1e6, offset = 0 }
	local at = 9
	while at + 3 <= #body do
		local code, len = string.unpack(order .. "I2I2", body, at)
		local value = body:sub(at + 4, at + 3 + len)
		if code == 0 or #value < len then break end
		if code == 9 and len == 1 then
			local v = value:byte()
			i.unit = v & 128 ~= 0 and 2.0 ^ (v & 127) or 10.0 ^ v
		elseif code == 14 and len == 8 then
			i.offset = string.unpack(order .. "i8", value)
		end
		at = at + 4 + (len + 3 & ~3)
	end
	return i
end

local blocks = {
	[1] = function(r, order, body)
		if #body < 8 then return "an interface block is too short" end
		r.interfaces[#r.interfaces + 1] = interface(order, body)
	end,
	[6] = function(r, order, body)
		if #body < 20 then return "a packet block is too short" end
		local id, high, low, len, whole = string.unpack(order .. "I4I4I4I4I4", body)
		local i = r.interfaces[id + 1]
		if not i then return ("a packet of interface %d, which was not described"):format(id) end
		if len > #body - 20 then return ("a packet of %d bytes in a block of %d"):format(len, #body) end
		r.packets[#r.packets + 1] = { t = ((high << 32) + low) / i.unit + i.offset, link = i.link, data = body:sub(21, 20 + len), size = whole }
	end,
	[3] = function(r, order, body)
		local i = r.interfaces[1]
		if #body < 4 or not i then return "a simple packet block without an interface" end
		local whole = string.unpack(order .. "I4", body)
		r.packets[#r.packets + 1] = { t = 0, link = i.link, data = body:sub(5, 4 + math.min(whole, #body - 4)), size = whole }
	end,
	[2] = function(r, order, body) -- obsolete, still found
		if #body < 20 then return "a packet block is too short" end
		local id, _, high, low, len, whole = string.unpack(order .. "I2I2I4I4I4I4", body)
		local i = r.interfaces[id + 1]
		if not i or len > #body - 20 then return "a packet block that does not fit" end
		r.packets[#r.packets + 1] = { t = ((high << 32) + low) / i.unit + i.offset, link = i.link, data = body:sub(21, 20 + len), size = whole }
	end,
}

local function next_generation(bytes, r)
	local at, order = 1, "<"
	while at <= #bytes do
		if at + 11 > #bytes then
			r.cut = at - 1
			return true
		end
		if bytes:sub(at, at + 3) == SECTION then
			local magic = bytes:sub(at + 8, at + 11)
			order = magic == "\x4d\x3c\x2b\x1a" and "<" or magic == "\x1a\x2b\x3c\x4d" and ">" or nil
			if not order then return nil, "a section whose byte order is unknown", at + 7 end
			r.interfaces = {}
		end
		local kind, len = string.unpack(order .. "I4I4", bytes, at)
		if len < 12 or len % 4 ~= 0 or len > LARGEST + 64 then return nil, ("a block of %d bytes is not plausible"):format(len), at + 3 end
		if at + len - 1 > #bytes then
			r.cut = at - 1
			return true
		end
		local wrong = blocks[kind] and blocks[kind](r, order, bytes:sub(at + 8, at + len - 5))
		if wrong then return nil, wrong, at - 1 end
		at = at + len
		if #r.packets == MOST then
			r.most = MOST
			return true
		end
	end
	return true
end

-- { packets = {{ t=, link=, data=, size= as it was sent }}, cut = offset or nil,
-- most = how many are read of more, why =, at = where it could not be read on }
function C.read(bytes)
	local r = { packets = {}, interfaces = {} }
	local ok, why, at = (magics[bytes:sub(1, 4)] and classic or next_generation)(bytes, r)
	if not ok then r.why, r.at = why, at end
	return r
end

-- Packets ---------------------------------------------------------------------

local function ethernet(d)
	local at, vlans = 13, 0
	while #d >= at + 1 do
		local kind = string.unpack(">I2", d, at)
		if kind ~= 0x8100 and kind ~= 0x88a8 or vlans == 4 then return d:sub(at + 2) end
		at, vlans = at + 4, vlans + 1
	end
end

local function raw(d) return d end
local function after(n) return function(d) return d:sub(n + 1) end end
local links = { [1] = ethernet, [0] = after(4), [108] = after(4), [113] = after(16), [276] = after(20), [12] = raw, [14] = raw, [101] = raw, [228] = raw, [229] = raw }

local function text4(s) return ("%d.%d.%d.%d"):format(s:byte(1, 4)) end

-- RFC 5952
local function text6(s)
	local n, best, most, run = { string.unpack(">I2I2I2I2I2I2I2I2", s) }, nil, 1, 0
	for i = 1, 8 do
		run = n[i] == 0 and run + 1 or 0
		if run > most then best, most = i - run + 1, run end
	end
	local out = {}
	for i = 1, 8 do
		if not best or i < best or i >= best + most then out[#out + 1] = ("%x"):format(n[i]) elseif i == best then out[#out + 1] = (best == 1 and ":" or "") .. (best + most == 9 and ":" or "") end
	end
	return "[" .. table.concat(out, ":") .. "]"
end

-- protocol, from, to, payload, the payload's length as it was sent; or nil, why
local function ipv4(d)
	if #d < 20 then return nil, "cut short" end
	local head, total, fragment = (d:byte() & 15) * 4, string.unpack(">I2", d, 3), string.unpack(">I2", d, 7)
	if total == 0 then total = #d end -- left to the network card
	if head < 20 or total < head then return nil, "malformed" end
	if fragment & 0x3fff ~= 0 then return nil, "a fragment" end
	return d:byte(10), text4(d:sub(13, 16)), text4(d:sub(17, 20)), d:sub(head + 1, total), total - head
end

local skipped = { [0] = true, [43] = true, [60] = true, [51] = true }

local function ipv6(d)
	if #d < 40 then return nil, "cut short" end
	local total, kind, at = string.unpack(">I2", d, 5), d:byte(7), 41
	if total == 0 then total = #d - 40 end
	for _ = 1, 8 do
		if not skipped[kind] then break end
		if #d < at + 7 then return nil, "cut short" end
		local len = kind == 51 and (d:byte(at + 1) + 2) * 4 or (d:byte(at + 1) + 1) * 8
		kind, at = d:byte(at), at + len
	end
	if kind == 44 then return nil, "a fragment" end
	if at - 41 > total then return nil, "malformed" end
	return kind, text6(d:sub(9, 24)), text6(d:sub(25, 40)), d:sub(at, 40 + total), total - (at - 41)
end

local function tcp(p, d, len)
	if #d < 20 then return nil, "cut short" end
	local from, to, seq, _, off, flags = string.unpack(">I2I2I4I4BB", d)
	local head = (off >> 4) * 4
	if head < 20 or head > len then return nil, "malformed" end
	p.kind, p.seq, p.flags, p.payload, p.length = "tcp", seq, flags, d:sub(head + 1), len - head
	return from, to
end

local function udp(p, d, len)
	if #d < 8 then return nil, "cut short" end
	local from, to, n = string.unpack(">I2I2I2", d)
	if n == 0 then n = len end
	if n < 8 or n > len then return nil, "malformed" end
	p.kind, p.payload, p.length = "udp", d:sub(9, n), n - 8
	return from, to
end

-- Adds kind ("tcp", "udp"), from, to ("address:port"), payload, length (as it
-- was sent) to a packet of C.read(); nil, why: it carries neither.
function C.dissect(p)
	local strip = links[p.link]
	if not strip then return nil, ("of link type %d"):format(p.link) end
	local d = strip(p.data) or ""
	local version = #d > 0 and d:byte() >> 4
	if version ~= 4 and version ~= 6 then return nil, "not IP" end
	local protocol, from, to, payload, len = (version == 4 and ipv4 or ipv6)(d)
	if not protocol then return nil, from end
	if protocol ~= 6 and protocol ~= 17 then return nil, "neither TCP nor UDP" end
	local a, b = (protocol == 6 and tcp or udp)(p, payload, len)
	if not a then return nil, b end
	p.from, p.to = from .. ":" .. a, to .. ":" .. b
	return p
end

-- TCP -------------------------------------------------------------------------

local FIN, SYN, ACK = 1, 2, 16

-- Sequence numbers are counted around: the distance from a to b
local function distance(a, b) return ((b - a + 0x80000000) & 0xffffffff) - 0x80000000 end

local function begin(all, p, name)
	local c = { t = p.t, ends = { p.from, p.to }, sides = { [p.from] = { segments = {} }, [p.to] = { segments = {} } } }
	all.now[name] = c
	all.list[#all.list + 1] = c
	return c
end

local function take(all, p)
	local name = p.from < p.to and p.from .. " " .. p.to or p.to .. " " .. p.from
	local c = all.now[name]
	local first = p.flags & SYN ~= 0 and p.flags & ACK == 0
	if not c or first and c.sides[p.from].isn ~= p.seq and (c.sides[p.from].isn or #c.sides[p.from].segments > 0) then c = begin(all, p, name) end
	local side = c.sides[p.from]
	if p.flags & SYN ~= 0 then
		side.isn = p.seq
		c.client = first and p.from or p.to
	end
	if #p.payload > 0 and p.flags & SYN == 0 then side.segments[#side.segments + 1] = { seq = p.seq, data = p.payload, t = p.t, n = #side.segments } end
end

-- The bytes of one side in order, as runs without holes: { data=, gap= what is
-- missing before it, ends = {{ offset, t }} } -- t: when all up to there had come
local function assemble(side)
	local runs = {}
	local first = side.segments[1]
	if not first then return runs end
	local base = side.isn and side.isn + 1 & 0xffffffff or first.seq
	for _, s in ipairs(side.segments) do s.at = distance(base, s.seq) end
	table.sort(side.segments, function(a, b) return a.at < b.at or a.at == b.at and a.n < b.n end)
	local pos, run, parts, size, latest = side.isn and 0 or side.segments[1].at, nil, {}, 0, 0
	local function close()
		if run then run.data = table.concat(parts) end
		parts, size = {}, 0
	end
	for _, s in ipairs(side.segments) do
		local data = s.at < pos and s.data:sub(pos - s.at + 1) or s.data
		latest = math.max(latest, s.t)
		if s.at > pos or not run then
			close()
			run = { gap = math.max(0, s.at - pos), ends = {} }
			runs[#runs + 1] = run
			pos = math.max(pos, s.at)
		end
		if #data > 0 then
			parts[#parts + 1] = data
			size = size + #data
			pos = pos + #data
			run.ends[#run.ends + 1] = { size, latest }
		end
	end
	close()
	return runs
end

-- When byte number n (from 1) of a run, and all before it, had come
function C.time_of(run, n)
	local low, high = 1, #run.ends
	while low < high do
		local middle = (low + high) // 2
		if run.ends[middle][1] >= n then high = middle else low = middle + 1 end
	end
	return run.ends[low] and run.ends[low][2] or 0
end

-- What the packets carried: { streams = {{ ends = {a, b}, client = a, b or nil,
-- runs = { [a] = ..., [b] = ... } }}, datagrams = { packets }, skipped = { why = n },
-- gaps = holes in the streams }
function C.carried(packets)
	local all, datagrams, skipped_ = { now = {}, list = {} }, {}, {}
	for _, p in ipairs(packets) do
		local ok, why = C.dissect(p)
		if not ok then
			skipped_[why] = (skipped_[why] or 0) + 1
		elseif p.kind == "udp" then
			datagrams[#datagrams + 1] = p
		else
			take(all, p)
		end
	end
	local gaps = 0
	for _, c in ipairs(all.list) do
		c.runs = {}
		for _, side in ipairs(c.ends) do
			c.runs[side] = assemble(c.sides[side])
			for _, run in ipairs(c.runs[side]) do gaps = gaps + (run.gap > 0 and 1 or 0) end
		end
	end
	return { streams = all.list, datagrams = datagrams, skipped = skipped_, gaps = gaps }
end

return C
