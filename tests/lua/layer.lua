-- layer.lua -- layers in Lua: a whole toy protocol, and what can go wrong in one
local T = require "t"
local imp = require "imprint"
local Host = require "host"
local C = imp.code

-- The toy: a device and its owner share a secret.  The device posts a nonce,
-- the owner proves with it that it knows the secret, and asks policy first.
local proof = function(secret, nonce) return imp.hmac("hmac256", imp.unflat(secret).bits, nonce) end

local toy = imp.layer {
	id = "lua.toy", spec = "this file", needs = "rest",
	init = function(self, p)
		self.device, self.at, self.tickets = p.role == "device", "idle", 0
	end,
	where = function(self) return self.at end,
	ask = function(self, cx, topic, name, at, data)
		self.at, self.tickets = at, self.tickets + 1
		cx:emit { verb = "ask", topic = topic, name = name, data = data, ticket = self.tickets }
	end,
	finish = function(self, cx, code)
		self.at = "over"
		cx:emit { verb = "done", code = code }
	end,
	-- device
	idle = function(self, cx, m)
		if m.verb == "start" and self.device then self:ask(cx, "key", "toy.secret", "secret") end
	end,
	secret = function(self, cx, m)
		if m.code < 0 then return self:finish(cx, C.EFACT) end
		self.key, self.at = m.data, "link"
		cx:emit { verb = "open", name = "http://owner/" }
	end,
	link = function(self, cx, m)
		if m.verb ~= "up" then return end
		self.nonce, self.at = imp.random(16), "proof"
		cx:emit { verb = "tx", name = "/toy", code = 2, topic = 42, data = self.nonce, ticket = 77 }
	end,
	proof = function(self, cx, m)
		if m.verb ~= "answer" then return end
		if m.data ~= proof(self.key, self.nonce) then return self:finish(cx, m.code == 403 and C.EPEER or C.EAUTH) end
		cx:emit { verb = "learn", topic = "owner", name = "toy.owner", data = "the one that knows" }
		self:finish(cx, 0)
	end,
	over = function() end,
	-- owner: a request at a time
	asked = function(self, cx, m)
		self.request, self.nonce = m.ticket, m.data
		self:ask(cx, "authorize", "somebody", "consent", imp.encode { [0x100] = "somebody" })
	end,
	consent = function(self, cx, m)
		if m.code < 0 then
			cx:emit { verb = "answer", ticket = self.request, code = 403, topic = 65535 }
			return self:finish(cx, C.EDENIED)
		end
		self:ask(cx, "key", "toy.secret", "answering")
	end,
	answering = function(self, cx, m)
		cx:emit { verb = "answer", ticket = self.request, code = 200, topic = 42, data = proof(m.data, self.nonce) }
		cx:emit { verb = "learn", topic = "identity", name = "toy.device", data = "somebody" }
		self:finish(cx, 0)
	end,
	step = function(self, cx, m)
		if m.verb == "rx" then return self:asked(cx, m) end
		return self[self.at](self, cx, m)
	end,
}

local secret = imp.flat { alg = 5, bits = ("s"):rep(32), private = true }
local function pair(below, authorize, owners)
	local function stack() return below and { toy, table.unpack(below) } or { toy } end
	local o = Host.party { stack = stack(), role = "owner", max_msg = 1024, facts = { ["key toy.secret"] = owners or secret }, authorize = authorize or function() return true end }
	local d = Host.party { stack = stack(), role = "device", max_msg = 1024, facts = { ["key toy.secret"] = secret } }
	return d, o
end

-- without a transport: requests go over by hand
local function by_hand(authorize, owners)
	local d, o = pair(nil, authorize, owners)
	local server = o:feed(o:open(), { verb = "start" })
	d.peer = { request = function(_, m)
		o:feed(server, { verb = "rx", name = m.name, code = m.code, topic = m.topic, data = m.data, ticket = 5 })
		return server.reply
	end }
	return d:run(), d, o, server
end
local run, d, o, server = by_hand()
T.check("a protocol in Lua, both roles, without a transport", run.done and run.done.code == 0 and server.done.code == 0, run.fault)
T.check("... each has learnt of the other", d.facts["owner toy.owner"] == "the one that knows" and o.facts["identity toy.device"] == "somebody")
run, d, o, server = by_hand(function() return false end)
T.check("a policy that refuses", run.done.code == C.EPEER and server.done.code == C.EDENIED and not d.facts["owner toy.owner"] and not o.facts["identity toy.device"])
run, d = by_hand(nil, imp.flat { alg = 5, bits = ("x"):rep(32), private = true })
T.check("an owner who does not know the secret", run.done.code == C.EAUTH and not d.facts["owner toy.owner"])

-- over HTTP in C, its bytes carried between the two sessions
local function over_http()
	local d, o = pair { "http" }
	local ds, os = d:open(), o:open()
	local wire = {}
	local function carry(here, to, other)
		function here:heard(r, m)
			if m.verb == "open" then
				wire[#wire + 1] = { o, os, { verb = "up", code = 1000, name = "device" } }
				wire[#wire + 1] = { d, ds, { verb = "up", code = 1000, ticket = m.ticket } }
				return nil
			end
			if m.verb == "tx" then wire[#wire + 1] = { other, to, { verb = "rx", data = m.data } } end
			if m.verb == "tx" or m.verb == "shut" then return nil end
			return Host.heard(self, r, m)
		end
	end
	carry(d, os, o)
	carry(o, ds, d)
	o:feed(os, { verb = "start" })
	d:feed(ds, { verb = "start" })
	local n = 0
	while wire[1] and n < 100 do
		local w = table.remove(wire, 1)
		n = n + 1
		w[1]:feed(w[2], w[3])
	end
	return ds, os, d, o
end
local ds, os_, dp, op = over_http()
T.check("the same over HTTP in C", ds.done and ds.done.code == 0 and os_.done and os_.done.code == 0, ds.fault or os_.fault or select(2, ds.s:status()))
T.check("... learnt again", dp.facts["owner toy.owner"] and op.facts["identity toy.device"])

-- what goes wrong in Lua is a status for the core and text for the host
local function top(step, more)
	local o = { id = "lua.wrong", step = step }
	for k, v in pairs(more or {}) do o[k] = v end
	return imp.session { stack = { imp.layer(o) } }
end
local function status_of(step, more)
	local s = top(step, more)
	local out, fault = s:feed { verb = "start" }
	return s:status(), fault, out, s
end
local st, fault = status_of(function() error "boom" end)
T.check("an error is EARG, and its text is told", st == C.EARG and fault and fault:find("layer.lua:%d+: boom") ~= nil, fault)
st, fault = status_of(function() error() end)
T.check("an error that is nil", st == C.EARG and fault == "nil", fault)
st, fault = status_of(function() error(setmetatable({}, { __tostring = function() error "again" end })) end)
T.check("an error whose text is an error", st == C.EARG)
st = status_of(function() return C.EAUTH end)
T.check("a negative status is that status", st == C.EAUTH, st)
st, fault = status_of(function() return "no" end)
T.check("another type is EARG", st == C.EARG and fault:find("expected nothing or a number", 1, true) ~= nil, fault)
st, fault = status_of(function() coroutine.yield() end)
T.check("a yield is an error", st == C.EARG and fault:find("yield", 1, true) ~= nil, fault)
st, fault = status_of(function() local function f() return 1 + f() end return f() end)
T.check("endless recursion is an error", st == C.EARG and fault:find("stack overflow", 1, true) ~= nil, fault and fault:sub(1, 60))
st, fault = status_of(function(_, cx) cx:emit { verb = "nonsense" } end)
T.check("an unknown verb is an error", st == C.EARG and fault:find("no verb is called", 1, true) ~= nil)
st = status_of(function(_, cx) for _ = 1, 20 do cx:emit { verb = "tell" } end end)
T.check("more than its burst: the core fails the step", st < 0, st)
local out
st, fault, out = status_of(function(_, cx) cx:emit { verb = "tell", data = "said" } error "late" end)
T.check("what a failed step emitted is dropped", st == C.EARG and (#out == 0 or out[1].verb ~= "tell"), #out)
local kept
local s = top(function(_, cx) kept = cx end)
s:feed { verb = "start" }
T.raises("a cx after its step", "step that has ended", function() kept:emit { verb = "tell" } end)
s = nil
local again
s = top(function() return again() end)
again = function() s:feed { verb = "tick" } end
_, fault = s:feed { verb = "start" }
T.check("a session that feeds itself", fault:find("is being fed", 1, true) ~= nil, fault)
again = function() s:close() end
s = top(function() return again() end)
_, fault = s:feed { verb = "start" }
T.check("... or closes itself", fault:find("is being fed", 1, true) ~= nil, fault)
local inner = top(function(_, cx) cx:emit { verb = "tell", data = "inner" } end)
st, fault, out = status_of(function(_, cx)
	local said = inner:feed { verb = "start" }
	cx:emit { verb = "tell", data = "outer " .. said[1].data }
end)
T.check("a session inside another's step", st == 0 and out[1] and out[1].data == "outer inner", fault)
local co = coroutine.wrap(function() return top(function(_, cx) cx:emit { verb = "tell", data = "co" } end):feed { verb = "start" } end)
T.check("a session in a coroutine", co()[1].data == "co")

T.raises("a layer without a step", "no function 'step'", imp.layer, { id = "x" })
T.raises("a layer without an id", "id is missing", imp.layer, { step = print })
T.raises("a layer of an unknown kind", "no kind of link is called 'udp'; nearest", imp.layer, { id = "x", step = print, offers = "udp" })
T.raises("layers that do not fit", "does not fit", imp.session, { stack = { imp.layer { id = "x", step = print, needs = "rest" }, imp.layer { id = "y", step = print, offers = "stream" } } })
T.raises("a layer that does not begin", "not today", imp.session, { stack = { imp.layer { id = "x", step = print, init = function() error "not today" end } } })

-- a broken transport is reset, with a fresh self
local made = 0
local frail = imp.layer { id = "lua.frail", offers = "rest", init = function(self) made = made + 1 self.n = 0 end,
	step = function(self, cx, m)
		self.n = self.n + 1
		if m.verb == "open" then return cx:emit { verb = "up", ticket = m.ticket } and nil end
		if m.verb == "tx" then error "broken" end
	end }
local seen = {}
s = imp.session { stack = { imp.layer { id = "lua.above", needs = "rest", step = function(_, cx, m)
	seen[#seen + 1] = m.verb
	if m.verb == "start" then cx:emit { verb = "open" } end
	if m.verb == "up" then cx:emit { verb = "tx", ticket = 3 } end
end }, frail } }
out, fault = s:feed { verb = "start" }
T.check("a transport that raises: its link is reset and the top told DOWN", s:status() == 0 and table.concat(seen, " "):find("start up.* down") ~= nil and made == 2, table.concat(seen, " "))
T.check("... and the host told why", fault:find("broken", 1, true) ~= nil, fault)

-- time
local woke
s = top(function(_, cx, m)
	if m.verb == "start" then cx:wake(1500) end
	if m.verb == "tick" then woke = cx:now() end
end)
s:feed({ verb = "start" }, 1000, 7)
T.check("wake sets the deadline", s:deadline() == 1500)
s:feed({ verb = "tick" }, 1500, 7)
T.check("tick comes, with the time that was fed", woke == 1500 and s:deadline() == nil)

-- finalizers called by hand
local y = imp.layer { id = "x", step = function() end }
s = imp.session { stack = { y } }
getmetatable(y).__gc(y)
s:feed { verb = "start" }
T.check("a layer that was finalized by hand fails its session", s:status() == C.EARG)
T.raises("... and begins no other", "did not begin", imp.session, { stack = { y } })
getmetatable(s).__gc(s)
T.raises("a session likewise", "is closed", s.feed, s, { verb = "tick" })
local policy = imp.policy("return {}", "p.lua")
getmetatable(policy).__gc(policy)
T.raises("and a policy", "is closed", policy.ask, policy, { topic = "authorize" })

-- nothing is kept: layers, selves
local weak = setmetatable({}, { __mode = "v" })
do
	local y = imp.layer { id = "x", init = function(self) weak[#weak + 1] = self end, step = function() end }
	weak.y = y
	for _ = 1, 50 do imp.session { stack = { y } }:feed { verb = "start" } end
end
collectgarbage()
collectgarbage()
T.check("50 sessions and their layer are gone when nobody has them", weak.y == nil and next(weak) == nil)
T.done()
