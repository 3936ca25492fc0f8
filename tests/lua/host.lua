-- host.lua -- a whole host in Lua, in memory: facts, decisions, a network of
-- requests, a virtual clock.  A model for your own; the tests use it.
local imp = require "imprint"
local H = {}
H.__index = H

-- o.facts: { ["topic name"] = bytes, or { entry, ... } }; o.authorize(m) -> true
-- or false; all else goes to imp.session (stack=, role=, ...).
function H.party(o)
	o.sessions, o.now = {}, 1000
	o.facts, o.learnt = o.facts or {}, {}
	return setmetatable(o, H)
end

local function copy(t)
	local c = {}
	for k, v in pairs(t) do c[k] = v end
	return c
end

-- Facts ----------------------------------------------------------------------

local function key(m) return m.topic .. " " .. m.name end

function H:find(m, run)
	local name = key(m)
	if run.learnt[name] ~= nil then return run.learnt[name] end
	return self.facts[name]
end

function H:ask(m, run)
	if m.topic == "authorize" then return { code = self.authorize and self:authorize(m) and 0 or imp.code.EDENIED } end
	local fact = self:find(m, run)
	if not fact then return { code = imp.code.EFACT } end
	if type(fact) == "table" then
		local entry = fact[m.code + 1]
		return entry and { code = #fact, data = entry, more = m.code + 1 < #fact } or { code = imp.code.EFACT }
	end
	return { code = #fact, data = fact:sub(m.code + 1) }
end

function H:commit(run)
	for name, v in pairs(run.learnt) do self.facts[name] = v or nil end
	run.learnt = {}
end

function H:learn(m, run)
	if m.topic == 0 then
		run.learnt = {}
	elseif m.forget then
		run.learnt[key(m)] = false
	else
		local before = m.code > 0 and self:find(m, run) or ""
		run.learnt[key(m)] = type(before) == "string" and before:sub(1, m.code) .. m.data or m.data
	end
	if m.now then self:commit(run) end
	return { code = 0 }
end

-- Sessions -------------------------------------------------------------------

function H:open()
	local run = { s = imp.session(self), learnt = {}, queue = {} }
	self.sessions[#self.sessions + 1] = run
	return run
end

function H:heard(run, m)
	local a
	if m.verb == "ask" then a = self:ask(m, run) end
	if m.verb == "learn" then a = self:learn(m, run) end
	if m.verb == "open" then return { verb = "up", link = m.link, ticket = m.ticket, code = 65535 } end
	if m.verb == "tx" then a = self.peer and self.peer:request(m) or { code = imp.code.ELINK } end
	if m.verb == "answer" then run.reply = m end
	if m.verb == "done" then
		run.done = m
		if m.code == 0 then self:commit(run) end
	end
	if not a or m.ticket == 0 then return nil end
	a = copy(a)
	a.verb, a.ticket, a.link = "answer", m.ticket, m.link
	if m.verb == "ask" then a.topic = m.topic end
	return a
end

-- Feed one message, and then what the host has to say to what comes of it.
function H:feed(run, m)
	local queue = { m }
	while queue[1] do
		local out, fault = run.s:feed(table.remove(queue, 1), self.now, 1700000000)
		run.fault = run.fault or fault
		for _, said in ipairs(out) do
			if self.sees then self:sees(run, said) end
			queue[#queue + 1] = self:heard(run, said)
		end
	end
	return run
end

-- A client's run: until it is done or nothing will ever happen any more.
function H:run(start)
	local run = self:feed(self:open(), start or { verb = "start" })
	while not run.done and run.s:deadline() do
		self.now = math.max(self.now, run.s:deadline())
		self:feed(run, { verb = "tick" })
	end
	return run
end

-- A request for this server: to the session that its triage names.
function H:request(m)
	self.front = self.front or imp.session(self)
	local kind, name, _, reply = self.front:triage { topic = m.topic, name = m.name, data = m.data, code = m.code, ticket = 1 }
	if kind == "fresh" then
		self.sessions[name] = self:open()
		self:feed(self.sessions[name], { verb = "start", name = name })
	end
	local run = self.sessions[name]
	if not run or kind == "bounce" or kind == "drop" then return reply or { code = imp.code.ELINK } end
	run.reply = nil
	self:feed(run, { verb = "rx", topic = m.topic, name = m.name, data = m.data, code = m.code, ticket = 1 })
	return run.reply or { code = imp.code.ELINK }
end

return H
