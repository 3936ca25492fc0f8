-- facts.lua -- what a host owes its sessions: beliefs from a store, decisions
-- from a policy, knowledge kept, all of it told as events
local imp = require "imprint"
local U = require "cmd.util"

local F = {}
F.__index = F

local decisions = { authorize = true, choose = true, verify = true }
local OK, EDENIED, EUNSUP, ENOSPC, EFACT = 0, -3, -5, -6, -12

-- o: loop, store, subject, role, manifest (of imp.plugins), say(event),
--    policy (imp.policy) or nil, and hooks, each of which may be nil:
--    ask(m) -> answer table, "later", or nil: the store
--    granted(claims, what) -> what policy's yes carries then
--    learn(m, run) -> code, or nil: the store
--    commit(run): before a commit;  known(fact): after it
--    done(m, run), tell(m)
function F.new(o)
	o.runs = {}
	return setmetatable(o, F)
end

function F.manifest_of(id)
	for _, p in ipairs(imp.plugins()) do
		for _, y in ipairs(p.layers) do
			if y.id == id then return y end
		end
	end
end

-- A policy of a file, or a built-in one by its name; nil: none.
function F.read_policy(name)
	if not name then return nil end
	local text = not name:find("[./]") and imp.built_in("policies." .. name)
	local policy, why = imp.policy(text or U.read(name, 256 * 1024), text and name .. ".lua" or name:match("[^/]+$"))
	if not policy then U.fail("--policy %s: %s", name, why) end
	return policy
end

-- Stores ---------------------------------------------------------------------

-- The key that seals secrets, from a file; no file: none.
function F.seal(file)
	local key = file and U.read(file, 32)
	if key and #key ~= 32 then U.fail("%s: offset %d: expected 32 bytes of key, found %d", file, #key, #key) end
	return key
end

function F.open(path, seal_file)
	local store, why = imp.store(path, F.seal(seal_file))
	if not store then U.fail("%s: %s", path, why) end
	return store
end

function F.is_store(path)
	local f, why = io.open(path, "rb")
	if not f then U.fail("%s", why) end
	local head = f:read(15)
	f:close()
	return head == "SQLite format 3"
end

-- One that is there: nothing is made of a file that is something else.
function F.existing(path, seal_file)
	if not F.is_store(path) then U.fail("%s: offset 0: expected a store of imprint (SQLite)", path) end
	return F.open(path, seal_file)
end

-- ----------------------------------------------------------------------------

-- Entries of a MANY fact, or pieces of bytes?  The manifest knows; there, words
-- in capitals stand for any name.
function F:many(topic, name)
	local best, many = -1, false
	for _, list in ipairs { self.manifest.beliefs, self.manifest.knowledge } do
		for _, f in ipairs(list) do
			local exact = f.topic == topic and f.name == name
			local pattern = "^" .. f.name:gsub("%p", "%%%0"):gsub("%u%u+", "[^/]+") .. "$"
			local rank = exact and 1000 or #f.name:gsub("%u%u+", "")
			if f.topic == topic and (exact or name:find(pattern)) and rank > best then best, many = rank, f.many end
		end
	end
	return many and topic ~= "image"
end

function F:run(m)
	local runs = self.runs[m.pool]
	if not runs then
		runs = {}
		self.runs[m.pool] = runs
	end
	if not runs[m.id] then runs[m.id] = { number = self.store:run(), learnt = {} } end
	return runs[m.id]
end

-- A secret stays one: the trace must not show it.
local function secret(topic) return topic == "key" or topic == "keys" or topic == "sim" end

function F:answer(m, a)
	a.verb, a.ticket, a.topic = "answer", m.ticket, a.topic or m.topic
	a.secret = a.secret or secret(m.topic)
	m.pool:feed(m.id, a)
end

-- Bytes for people: CBOR as such, text as such (first, if it is said to be
-- text), the rest as hex.
function F.readable(data, most, text)
	local printable = utf8.len(data) and not data:find("[^%C\n]")
	local s = text and printable and data or #data < 8192 and imp.diag(data) or printable and data
	if data == "" then return "(empty)" end
	s = (s or "h'" .. U.hex(data:sub(1, 64)) .. (#data > 64 and "..." or "") .. "'"):gsub("%s+", " ")
	most = most or 100
	return (utf8.len(s) or 0) > most and s:sub(1, utf8.offset(s, most) - 1) .. "..." or s
end

-- Questions ----------------------------------------------------------------

function F:verdict(m, tries)
	if not self.policy then return "no", "there is no policy (serve --policy FILE)" end
	return self.policy:ask { topic = m.topic, role = self.role, name = m.name, data = m.data, time = os.time(), tries = tries }
end

function F:decide(m, tries)
	local verdict, what = self:verdict(m, tries)
	local claims = m.data ~= "" and imp.decode(m.data, true) or {}
	if verdict == "yes" and self.hooks.granted then what = self.hooks.granted(claims, what) end
	local event = { event = "question", topic = m.topic, name = m.name, role = self.role, claims = claims, verdict = verdict, tries = tries }
	if verdict == "no" then event.reason = what end
	if verdict == "later" then event.seconds = what end
	if verdict == "yes" and what ~= "" then event.answer = imp.decode(what, true) end
	self.say(event)
	if verdict == "yes" then
		self:answer(m, { code = OK, data = what })
	elseif verdict == "later" then
		self.loop:after(what * 1000, function()
			if m.pool:lives(m.id) then self:decide(m, tries + 1) end
		end)
	else
		self:answer(m, { code = EDENIED, data = what })
	end
end

-- Work for the host, or what this run has only just learnt: not a belief.
function F:provisional(m)
	if m.topic == "issue" or m.topic == "sign" or m.topic == "run" then return true end
	for _, k in ipairs(self:run(m).learnt) do
		if k.topic == m.topic and k.name == m.name then return true end
	end
	return false
end

function F:ask(m)
	if decisions[m.topic] then
		self:run(m).who = m.name
		return self:decide(m, 0)
	end
	local a = self.hooks.ask and self.hooks.ask(m)
	if a == "later" then return end
	if not a and type(m.topic) == "string" and m.topic ~= "run" and m.topic ~= "sign" and m.topic ~= "issue" then
		local why
		a, why = self.store:ask(self.subject, { topic = m.topic, name = m.name, code = m.code, list = m.list, many = self:many(m.topic, m.name), run = self:run(m).number, cap = self.cap or 4096 })
		if not a and why ~= imp.status(EFACT) then self.say { event = "trouble", text = ("the store: %s %s: %s"):format(m.topic, m.name, why) } end
		a = a or { code = EFACT }
	end
	a = a or { code = EUNSUP }
	if a.code >= 0 and m.code == 0 and not self:provisional(m) then
		local hidden = a.secret or secret(m.topic)
		self.say { event = "belief", topic = m.topic, name = m.name, secret = hidden or nil, size = #(a.data or ""), value = not hidden and F.readable(a.data or "") or nil }
	end
	self:answer(m, a)
end

-- Knowledge ----------------------------------------------------------------

-- All that the run has learnt becomes durable, files first: nothing may be
-- missing once it counts as onboarded.
function F:commit(run)
	if self.hooks.commit then self.hooks.commit(run) end
	local ok, why = self.store:commit(run.number)
	if not ok then
		self.say { event = "trouble", text = "the store: " .. why }
		return ENOSPC
	end
	self:committed(run)
	return OK
end

function F:committed(run)
	for _, k in ipairs(run.learnt) do
		self.say { event = "knowledge", topic = k.topic, name = k.name, secret = k.secret or nil, size = #k.data, value = not k.secret and (k.topic == "image" and "a file" or F.readable(k.data)) or nil }
		if self.hooks.known then self:try(self.hooks.known, k) end
	end
	run.learnt = {}
end

-- What is forgotten before it was kept is not told.
function F.unlearn(run, m)
	for i = #run.learnt, 1, -1 do
		local k = run.learnt[i]
		if k.topic == m.topic and (k.name == m.name or m.name:sub(-1) == "/" and k.name:sub(1, #m.name) == m.name) then table.remove(run.learnt, i) end
	end
end

-- What the store is to keep, not yet durably.
function F:keep(m, run)
	local fact = { topic = m.topic, name = m.name, code = m.code, data = m.data, when = m.when, forget = m.forget, secret = m.secret or secret(m.topic), many = self:many(m.topic, m.name), run = run.number }
	local ok, why = self.store:learn(self.subject, fact)
	if not ok then
		self.say { event = "trouble", text = "the store: " .. why }
		return ENOSPC
	end
	if m.forget then
		self.unlearn(run, m)
	elseif m.code == 0 then
		run.learnt[#run.learnt + 1] = { topic = m.topic, name = m.name, data = m.data, secret = fact.secret }
	end
	return OK
end

function F:learn(m)
	local run = self:run(m)
	if m.forget and m.topic == 0 then run.learnt = {} end
	local code = self.hooks.learn and self.hooks.learn(m, run) or self:keep(m, run)
	if m.now and code >= 0 then code = self:commit(run) end
	if m.ticket ~= 0 then self:answer(m, { code = code }) end
end

function F:done(m)
	local run = self:run(m)
	if m.code == OK then m.code = self:commit(run) end
	if m.code ~= OK then self.store:drop(run.number) end
	self.runs[m.pool][m.id] = nil
	self.say { event = "done", code = m.code, text = m.code == OK and "ok" or imp.status(m.code), where = m.pool:where(m.id), what = m.name ~= "" and m.name or nil, reason = m.code < 0 and m.data ~= "" and F.readable(m.data, 200, true) or nil, number = m.topic ~= 0 and m.topic or nil, when = m.when ~= 0 and m.when or nil }
	if self.hooks.done then self.hooks.done(m, run) end
end

function F:heard(m)
	if m.verb == "ask" then
		self:ask(m)
	elseif m.verb == "learn" then
		self:learn(m)
	elseif m.verb == "tell" then
		if m.topic ~= "show" then self.say { event = "news", topic = m.topic, name = m.name, code = m.code, value = not m.secret and m.data ~= "" and F.readable(m.data, 400, true) or nil } end
		if self.hooks.tell then self.hooks.tell(m) end
	elseif m.verb == "done" then
		self:done(m)
	end
end

-- Call it; what goes wrong is told, and is no end of everything.
function F:try(f, ...)
	local ok, why = xpcall(f, U.fault, ...)
	if not ok then self.say { event = "trouble", text = why.text } end
	return ok
end

-- For servers: the trouble with one peer is not the others'.
function F:guarded(m)
	if self:try(self.heard, self, m) or m.ticket == 0 then return end
	m.pool:feed(m.id, { verb = "answer", topic = m.topic, ticket = m.ticket, code = EDENIED })
end

return F
