-- hostile.lua -- a transport in Lua that drops, flips, repeats and reorders,
-- under a protocol in C: FDO's device.  The owner over there is C too.
local T = require "t"
local imp = require "imprint"
local fdo = require "fdo"

-- Requests pass through; what becomes of a reply is `fate`'s to say:
--   "drop": none comes; "flip": one bit of it; "old": out of order, the reply
--   before it instead; nil: as it is
local function hostile(fate)
	local n = 0
	return imp.layer {
		id = "lua.hostile", offers = "rest", needs = "rest", burst = 8,
		init = function(self) self.waiting, self.tickets = {}, 0 end,
		reply = function(self, cx, m, ticket) cx:emit { verb = "answer", ticket = ticket, code = m.code, topic = m.topic, name = m.name, data = m.data } end,
		step = function(self, cx, m)
			if m.verb == "tx" then
				self.tickets = self.tickets + 1
				self.waiting[self.tickets], m.ticket = m.ticket, self.tickets
				cx:emit(m)
			elseif m.verb == "answer" then
				n = n + 1
				local ticket, how, before = self.waiting[m.ticket], fate(n, m), self.last
				self.last = m
				if how == "drop" then return cx:emit { verb = "answer", ticket = ticket, code = imp.code.ETIME } and nil end
				if how == "flip" and #m.data > 0 then
					local at = n * 37 % #m.data + 1
					m.data = m.data:sub(1, at - 1) .. string.char(m.data:byte(at) ~ 1 << n % 8) .. m.data:sub(at + 1)
				elseif how == "old" and before then
					m = before
				end
				self:reply(cx, m, ticket)
			else
				return imp.code.PASS
			end
		end,
	}
end

local function run(fate)
	local d, o, guid = fdo.world()
	local before = d.facts["voucher fdo.credential"]
	d.stack = { "fdo", hostile(fate) }
	local r = d:run()
	local owned = d.facts["owner fdo.owner"] ~= nil
	local changed = d.facts["voucher fdo.credential"] ~= before
	return r, owned, changed, o.facts["owner " .. guid] ~= nil
end

local replies = 0
local r, owned = run(function() replies = replies + 1 end)
T.check("it can be honest: onboarded through Lua", r.done and r.done.code == 0 and owned, replies .. " replies")

-- Whatever it does to one reply: the run ends, is never half owned, and is a
-- success only if the device has all of it.
local ways = { { "drop", "no reply comes" }, { "flip", "a bit flips" }, { "old", "an old reply comes out of order" } }
for _, way in ipairs(ways) do
	local how, what = way[1], way[2]
	local ended, whole, good, faults = 0, 0, 0, 0
	for at = 1, replies do
		local run_, owned_, changed, known = run(function(n) return n == at and how or nil end)
		ended = ended + (run_.done and 1 or 0)
		faults = faults + (run_.fault and 1 or 0)
		whole = whole + ((owned_ == changed and (not owned_ or known)) and 1 or 0)
		good = good + (((run_.done and run_.done.code == 0) == owned_) and 1 or 0)
	end
	T.check(("%s, once, at each of %d places: every run ends"):format(what, replies), ended == replies, ended)
	T.check("... its credential and its owner change together or not at all", whole == replies, whole)
	T.check("... a good end is an owned device, a bad one is not", good == replies, good)
	T.check("... and nothing in Lua went wrong", faults == 0, faults)
end

-- always, and at random
local seed = 1
local function random(n)
	seed = (seed * 1103515245 + 12345) & 0x7fffffff
	return seed // 65536 % n
end
for _, way in ipairs(ways) do
	local how, what = way[1], way[2]
	local one, owned_, changed = run(function() return how end)
	T.check(what .. ", always: it ends, not owned", one.done and one.done.code ~= 0 and not owned_ and not changed, one.done and one.done.code)
end
local ended, torn = 0, 0
for _ = 1, 40 do
	local one, owned_, changed = run(function() return ({ "drop", "flip", "old" })[random(12) + 1] end)
	ended = ended + (one.done and 1 or 0)
	torn = torn + (owned_ ~= changed and 1 or 0)
end
T.check("40 runs through a mix of them: every one ends", ended == 40, ended)
T.check("... none of them torn", torn == 0, torn)
T.done()
