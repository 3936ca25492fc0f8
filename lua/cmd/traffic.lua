-- traffic.lua -- the messages of built-in protocols in a capture, as a ladder
local U = require "cmd.util"
local J = require "cmd.json"
local Capture = require "cmd.capture"
local Http = require "cmd.http"
local Ladder = require "cmd.ladder"

local T = {}

local COLUMNS = 6 -- most that a ladder has

local function dissectors()
	local t = {}
	for i, name in ipairs(U.kinds("dissect")) do t[i] = { of = require("cmd.dissect_" .. name), state = {} } end
	return t
end

-- What a message is, by the first dissector that knows it; false: a part of one
local function ask(list, kind, m)
	for _, d in ipairs(list) do
		local known
		if d.of[kind] then known = d.of[kind](m, d.state) end
		if known ~= nil then return known end
	end
end

local function add(found, known, m, where, size)
	known.t, known.from_address, known.to_address, known.size, known.where, known.n = m.t, m.from, m.to, known.size or size, where, #found + 1
	known.from, known.to = known.from or m.from, known.to or m.to
	found[#found + 1] = known
end

-- What a dissector of bare TCP finds in a stream, or nil
local function of_tcp(d, s)
	local all
	for i, side in ipairs(s.ends) do
		for _, run in ipairs(s.runs[side]) do
			for _, m in ipairs(d.of.tcp(run.data, d.state) or {}) do
				m.t, m.from_address, m.to_address = Capture.time_of(run, m.last), side, s.ends[3 - i]
				all = all or {}
				all[#all + 1] = m
			end
		end
	end
	if all and d.of.players then d.of.players(all) end
	return all
end

local function bare(list, s, where, found)
	for _, d in ipairs(list) do
		local all = d.of.tcp and of_tcp(d, s)
		for _, m in ipairs(all or {}) do
			m.where, m.n, m.from, m.to = where, #found + 1, m.from or m.from_address, m.to or m.to_address
			found[#found + 1] = m
		end
		if all then return true end
	end
end

local function of_streams(carried, list, found, other)
	for i, s in ipairs(carried.streams) do
		if bare(list, s, "connection " .. i, found) then goto continue end
		local messages, lost = Http.messages(s)
		for _, m in ipairs(messages) do
			local known = ask(list, "http", m)
			if known then
				add(found, known, m, "connection " .. i, #m.body)
			elseif known == nil then
				other.http = other.http + 1
			end
		end
		other.lost = other.lost + lost
		::continue::
	end
end

local function of_datagrams(carried, list, found, other)
	for _, p in ipairs(carried.datagrams) do
		local known = ask(list, "udp", p)
		if known then
			add(found, known, p, "datagrams", #p.payload)
		elseif known == nil then
			other.udp = other.udp + 1
		end
	end
end

-- { messages =, packets =, problems = {...}, why =, at = } of a capture's bytes
function T.read(bytes)
	local capture = Capture.read(bytes)
	local carried = Capture.carried(capture.packets)
	local list, found, other, problems = dissectors(), {}, { http = 0, lost = 0, udp = 0 }, J.array()
	of_streams(carried, list, found, other)
	of_datagrams(carried, list, found, other)
	table.sort(found, function(a, b) return a.t < b.t or a.t == b.t and a.n < b.n end)
	local function say(n, text)
		if n and n ~= 0 then problems[#problems + 1] = text:format(n) end
	end
	if capture.cut then problems[1] = ("the capture ends in the middle of a packet (offset %d)"):format(capture.cut) end
	say(capture.most, "only the first %d packets are read")
	local whys = {}
	for why in pairs(carried.skipped) do whys[#whys + 1] = why end
	table.sort(whys)
	for _, why in ipairs(whys) do say(carried.skipped[why], "%d packets not read: " .. why) end
	say(carried.gaps, "%d gaps in TCP connections: packets that were not captured")
	say(other.lost, "%d bytes in TCP connections are no HTTP")
	say(other.http, "%d HTTP messages are of no protocol that is built in")
	say(other.udp, "%d datagrams are of no protocol that is built in")
	return { messages = J.array(found), packets = #capture.packets, problems = problems, why = capture.why, at = capture.at }
end

-- Printing --------------------------------------------------------------------

local function columns_of(messages)
	local list, seen = {}, {}
	for _, m in ipairs(messages) do
		for _, p in ipairs { m.from, m.to } do
			if not seen[p] then
				seen[p] = true
				list[#list + 1] = p
			end
		end
	end
	return list
end

local function field(f) print(("      %-22s %s"):format(f[1], U.clean(f[2]))) end
local function counted(n, what) return ("%d %s%s"):format(n, what, n == 1 and "" or "s") end

local function message(ladder, m, t)
	if ladder and m.from ~= m.to then
		ladder:arrow(m.from, m.to, m.label, m.bad and U.colour)
	else
		print(("%s -> %s  %s"):format(m.from, m.to, m.label))
	end
	print(U.paint("dim", ("      %.3f s, %s"):format(t, counted(m.size, "byte"))))
	for _, f in ipairs(m.fields) do field(f) end
end

local function story(r)
	local columns = columns_of(r.messages)
	local ladder = #columns > 0 and #columns <= COLUMNS and Ladder.new(columns, print)
	local start, before = r.messages[1] and r.messages[1].t or 0, nil
	if ladder then ladder:heads() end
	for _, m in ipairs(r.messages) do
		if m.where ~= before then
			print(U.paint("cyan", ("  * %s: %s is %s, %s is %s"):format(m.where, m.from, m.from_address, m.to, m.to_address)))
			before = m.where
		end
		message(ladder, m, m.t - start)
	end
end

local function as_data(r)
	for _, m in ipairs(r.messages) do
		local fields = J.array()
		for i, f in ipairs(m.fields) do fields[i] = { name = f[1], value = U.clean(f[2]) } end
		m.fields, m.n, m.last, m.device = fields, nil, nil, nil
		m.bad = m.bad or false
	end
	return { packets = r.packets, messages = r.messages, problems = r.problems, trouble = r.why and ("offset %d: %s"):format(r.at, r.why) or nil }
end

-- A capture shown; true, or nil, why, offset
function T.show(bytes, json)
	local r = T.read(bytes)
	if json then
		print(J.encode(as_data(r), ""))
	else
		story(r)
		print(("%s, %s"):format(counted(r.packets, "packet"), counted(#r.messages, "message")))
		for _, p in ipairs(r.problems) do print(U.paint("yellow", "  * " .. p)) end
	end
	return not r.why, r.why, r.at
end

return T
