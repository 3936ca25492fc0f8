-- http.lua -- the messages of HTTP/1.1 in what a TCP connection carried
local Capture = require "cmd.capture"

local H = {}

local HEAD = 65536 -- bytes of a start line and header fields
local TRIES = 1000 -- how often a run is searched for where HTTP goes on

local function start_of(line)
	local status, reason = line:match("^HTTP/1%.%d (%d%d%d) ?(.*)$")
	if status then return { status = math.tointeger(tonumber(status)), reason = reason } end
	local method, path = line:match("^(%u+) (%S+) HTTP/1%.%d$")
	if method then return { method = method, path = path } end
end

-- Where another message could begin, from `at` on
local function again(data, at)
	local reply = data:find("HTTP/1%.%d %d%d%d[ \r]", at)
	local line = data:find("%f[%u]%u+ /[^%s]* HTTP/1%.%d\r\n", at)
	return reply and line and math.min(reply, line) or reply or line
end

local function fields(text)
	local t = {}
	for line in text:gmatch("[^\r\n]+") do
		local name, value = line:match("^([%w!#$%%&'*+.^_`|~-]+):[ \t]*(.-)[ \t]*$")
		if name then t[name:lower()] = value end
	end
	return t
end

-- body, offset after it; nil: it is not complete
local function chunked(data, at)
	local parts = {}
	while true do
		local stop, last, size = data:find("^(%x+)[^\r\n]*\r?\n", at)
		if not stop or #size > 8 then return nil end
		local n = tonumber(size, 16)
		at = last + 1
		if n == 0 then
			local done = data:match("^\r?\n()", at) or data:match("^.-\r?\n\r?\n()", at)
			return done and table.concat(parts), done
		end
		if at + n - 1 > #data then return nil end
		parts[#parts + 1] = data:sub(at, at + n - 1)
		at = data:match("^\r?\n()", at + n)
		if not at then return nil end
	end
end

local function body_of(m, data, at)
	if m.status and (m.status < 200 or m.status == 204 or m.status == 304) then return "", at end
	if (m.fields["transfer-encoding"] or ""):lower():find("chunked", 1, true) then return chunked(data, at) end
	local n = m.fields["content-length"]
	if n then
		n = #n < 10 and math.tointeger(tonumber(n:match("^%d+$")))
		if not n or at + n - 1 > #data then return nil end
		return data:sub(at, at + n - 1), at + n
	end
	if m.method then return "", at end
	return data:sub(at), #data + 1
end

-- All messages of a run, each { method=, path= } or { status= }, with fields,
-- body, t; cut: its body is not all there.  lost: bytes that are no HTTP.
local function read(run, list)
	local data, at = run.data, 1
	local lost, tries = 0, 0
	if run.gap > 0 then
		at = again(data, 1) or #data + 1
		lost = at - 1
	end
	while at <= #data do
		local window = data:sub(at, at + HEAD)
		local stop, last = window:find("\r?\n\r?\n")
		local whole = stop ~= nil
		if not whole and #window <= HEAD then stop, last = #window + 1, #window end -- the rest was not captured
		local head = stop and window:sub(1, stop - 1)
		local m = head and start_of(head:match("^[^\r\n]*"))
		if not m then
			tries = tries + 1
			local next_ = tries <= TRIES and again(data, at + 1)
			lost = lost + (next_ or #data + 1) - at
			at = next_ or #data + 1
		else
			m.fields = fields(head:sub(#head:match("^[^\r\n]*") + 1))
			local body, after
			if whole then body, after = body_of(m, data, at + last) end
			m.cut = body == nil
			m.body = body or data:sub(at + last)
			at = after or #data + 1
			m.t = Capture.time_of(run, at - 1)
			list[#list + 1] = m
		end
	end
	return lost
end

-- Each reply gets its request: the oldest that has none yet, or where packets
-- are missing, the latest.
local function pair(list, gaps)
	local waiting = {}
	for _, m in ipairs(list) do
		if m.method then
			waiting[#waiting + 1] = m
		elseif m.status >= 200 and #waiting > 0 then
			m.request = table.remove(waiting, gaps and #waiting or 1)
			if gaps then waiting = {} end
		end
	end
end

-- Requests and replies of a stream (Capture.carried) in their order, each with
-- from, to and t, a reply with its request; and the number of bytes that are none.
function H.messages(stream)
	local list, lost, gaps = {}, 0, false
	for i, side in ipairs(stream.ends) do
		for _, run in ipairs(stream.runs[side]) do
			local first = #list + 1
			lost = lost + read(run, list)
			gaps = gaps or run.gap > 0
			for k = first, #list do list[k].from, list[k].to, list[k].n = side, stream.ends[3 - i], k end
		end
	end
	table.sort(list, function(a, b)
		if a.t ~= b.t then return a.t < b.t end
		if (a.method ~= nil) ~= (b.method ~= nil) then return a.method ~= nil end
		return a.n < b.n
	end)
	pair(list, gaps)
	return list, lost
end

return H
