-- demo.lua -- a protocol before your eyes: every player a process of its own,
-- real connections on loopback, the story as it happens
local imp = require "imprint"
local U = require "cmd.util"
local J = require "cmd.json"
local Ladder = require "cmd.ladder"
local Pcap = require "cmd.pcap"

local M = {}

M.help = [[
usage: imprint demo [NAME] [--yes] [--json] [--keep] [--pcap FILE]
Plays a whole onboarding: a ladder of messages between the players, the questions
put to policy and their answers, and at the end what was imparted next to what was
believed at the start.
  NAME    %s (without a name: fdo)
  --yes   play the person too: carry what one player shows to who wants it (as
          when there is no terminal; in fdo there is no person)
  --json  the same as data: players, messages, questions, beliefs, knowledge
  --keep  keep the directory of keys, vouchers and stores, and say where it is
  --pcap FILE  what crossed the wire, for Wireshark and imprint inspect]]

-- A scenario is a file demo_NAME.lua that is built in: it returns { title =
-- "one line", columns = { the players from left to right }, play = function(s) },
-- and says in play, a coroutine, what happens: s:spawn, s:wait, s:word, s:note.
-- What it spawns takes --events, --attached and --pcap FILE.
local scenarios = U.kinds("demo")
M.help = M.help:format(table.concat(scenarios, ", "))

local function is_scenario(name)
	for _, s in ipairs(scenarios) do
		if s == name then return true end
	end
end

local LATEST = 20000 -- ms

local Stage = {}
Stage.__index = Stage

function Stage:out(text)
	if not self.json then
		io.write(text, "\n")
		io.flush()
	end
end

function Stage:note(text, colour)
	self:out(U.paint(colour or "cyan", "  * " .. text))
	self.notes[#self.notes + 1] = text
end

-- Events --------------------------------------------------------------------

local function short(name) return #name > 24 and name:sub(1, 8) .. "..." or name end

local say = {
	message = function(s, e)
		local there = s.address[e.peer]
		local from, to = there, e.player
		if e.reply then from, to = to, from end
		s.messages[#s.messages + 1] = { t = e.t, from = from or e.peer, to = to or e.peer, label = e.label, size = e.size, reply = e.reply or false }
		if there then s.ladder:arrow(from, to, e.label, e.bad and U.colour) else s:note(("%s %s %s"):format(e.peer, e.reply and "<-" or "->", e.label)) end
	end,
	question = function(s, e)
		s.questions[#s.questions + 1] = { t = e.t, player = e.player, topic = e.topic, name = e.name, claims = e.claims, verdict = e.verdict, reason = e.reason, answer = e.answer }
		local said = e.verdict == "yes" and "yes" or e.verdict == "later" and ("ask again in %d s"):format(e.seconds) or "no: " .. e.reason
		s:note(("%s asks its policy: %s %s?  %s"):format(e.player, e.topic, short(e.name), said), e.verdict == "no" and "red" or "yellow")
	end,
	belief = function(s, e)
		local key = e.player .. " " .. e.topic .. " " .. e.name
		if s.asked[key] then return end
		s.asked[key] = true
		s.beliefs[#s.beliefs + 1] = { player = e.player, topic = e.topic, name = e.name, secret = e.secret or false, size = e.size, value = e.value }
	end,
	knowledge = function(s, e)
		local key = e.player .. " " .. e.topic .. " " .. e.name
		s.asked[key] = true
		for i, k in ipairs(s.knowledge) do
			if k.key == key then table.remove(s.knowledge, i) break end -- the newer word stands
		end
		s.knowledge[#s.knowledge + 1] = { key = key, t = e.t, player = e.player, topic = e.topic, name = e.name, secret = e.secret or false, size = e.size, value = e.value }
	end,
	news = function(s, e) s:note(("%s hears %s %s: %s"):format(e.player, e.topic, e.name:gsub("^%x+/", ""), e.value or tostring(e.code)), "green") end,
	ran = function(s, e) s:note(("%s runs: %s"):format(e.player, e.command), "green") end,
	show = function(s, e)
		s.shown = e.text or s.shown
		if not e.text then return end
		s:note(("%s shows (%s): %s"):format(e.player, e.medium, (tonumber(e.text) or 99) < 20 and e.medium ~= "pin" and ("* "):rep(tonumber(e.text)) or e.text), "magenta")
		s:person()
	end,
	read = function(s, e)
		s.reader = { player = e.player, medium = e.medium }
		s:person()
	end,
	trouble = function(s, e) s:note(e.player .. ": " .. e.text, "red") end,
	done = function(s, e)
		if e.code < 0 then s:note(("%s: failed: %s, %s"):format(e.player, e.text, e.where), "red") end
	end,
}

-- Players speak through pipes of their own: by their common clock, their
-- events are put in order before they are told.
function Stage:flush(all)
	table.sort(self.heard, function(a, b) return a.t < b.t or a.t == b.t and a.n < b.n end)
	local now, later = imp.now(), {}
	local told = self.heard
	self.heard = later
	for _, e in ipairs(told) do
		if not all and e.t > now - 15 then
			later[#later + 1] = e
		else
			if say[e.event] then say[e.event](self, e) end
			self:wake(e)
		end
	end
	if #self.heard > 0 and not all then self.loop:after(10, function() self:flush() end) end
end

function Stage:hear(player, line)
	local e = J.decode(line)
	if type(e) ~= "table" or not e.event then return self:out(player .. ": " .. U.clean(line)) end
	self.count = self.count + 1
	e = U.clean_all(e)
	e.player, e.n = player, self.count
	if e.event == "link" then
		self.address[e.here] = player
		return
	end
	self.heard[#self.heard + 1] = e
	if #self.heard == 1 then self.loop:after(10, function() self:flush() end) end
end

-- The person ----------------------------------------------------------------

-- One player shows, another wants to read: you carry it, or --yes does.
function Stage:person()
	if not self.reader or not self.shown then return end
	if self.hands then
		self.loop:after(300, function() self:carry(self.shown) end)
	elseif not self.asked_person then
		self.asked_person = true
		io.write(U.paint("bold", ("? you are the person: what %s wants to know (%s): "):format(self.reader.player, self.reader.medium)))
		io.flush()
	end
end

function Stage:carry(text)
	local r = self.reader
	if not r then return end
	self.reader, self.asked_person = nil, nil
	self:note(("a person tells %s: %s"):format(r.player, U.clean(text)), "magenta")
	self.loop:write(self.pids[r.player], text .. "\n")
end

-- What a scenario uses ------------------------------------------------------

function Stage:spawn(player, ...)
	local args = { "/proc/self/exe", ... }
	args[#args + 1] = "--events"
	args[#args + 1] = "--attached"
	if self.pcap then
		self.captures[#self.captures + 1] = ("%s/%d.pcap"):format(self.dir, #self.captures + 1)
		args[#args + 1] = "--pcap=" .. self.captures[#self.captures]
	end
	args[1] = self.program
	local pid, why = self.loop:spawn(args, function(line) self:hear(player, line) end, function(code)
		self.exits[player] = code
		self.loop:after(40, function() self:wake { event = "exit", player = player, code = code } end)
	end)
	if not pid then error(("%s: %s"):format(player, why), 0) end
	if not self.pids[player] then self.players[#self.players + 1] = { name = player } end
	self.pids[player] = pid
end

-- Sleep until this player says this.
function Stage:wait(player, event)
	self.waiting = { player = player, event = event }
	local e = coroutine.yield()
	if e.event ~= event then error(("%s ended (exit %s) before it said '%s'"):format(player, tostring(e.code), event), 0) end
	return e
end

function Stage:wake(e)
	local w = self.waiting
	if not w or e.player ~= w.player or (e.event ~= w.event and e.event ~= "exit") then return end
	self.waiting = nil
	self:go(e)
end

function Stage:go(...)
	local ok, why = coroutine.resume(self.play, ...)
	if not ok then
		self.failed = tostring(why)
		self.loop:stop()
	elseif coroutine.status(self.play) == "dead" then
		self.loop:after(60, function()
			self:flush(true)
			self.loop:stop()
		end)
	end
end

-- Another word of this command, at once.
function Stage:word(...)
	local code, out, err = imp.execute({ self.program, ... }, ".", 20)
	if code ~= 0 then error(("imprint %s: exit %s: %s"):format(table.concat({ ... }, " "), tostring(code), err or out), 0) end
	return out
end

-- The end -------------------------------------------------------------------

local function clip(text, n)
	if utf8.len(text) and utf8.len(text) <= n then return text .. (" "):rep(n - utf8.len(text)) end
	return text:sub(1, (utf8.offset(text, n - 2) or n) - 1) .. "..."
end

local function fact_text(f)
	local name = f.name:gsub("%x%x%x%x%x%x%x%x+", function(h) return #h == 32 and h:sub(1, 6) .. ".." or h end)
	return ("%s %s: %s"):format(f.topic, name, f.secret and "(secret)" or f.value or f.size .. " bytes")
end

function Stage:table()
	self:out("")
	self:out(U.paint("bold", clip("", 13) .. clip("initial beliefs", 46) .. "knowledge imparted"))
	for _, p in ipairs(self.columns) do
		local b, k = {}, {}
		for _, f in ipairs(self.beliefs) do
			if f.player == p then b[#b + 1] = fact_text(f) end
		end
		for _, f in ipairs(self.knowledge) do
			if f.player == p then k[#k + 1] = fact_text(f) end
		end
		for i = 1, math.max(#b, #k, 1) do
			self:out(U.paint("bold", clip(i == 1 and p or "", 13)) .. clip(b[i] or "", 44) .. "  " .. clip(k[i] or "", 60):gsub(" +$", ""))
		end
	end
end

local function remove(dir)
	for _, name in ipairs(imp.dir(dir) or {}) do
		local path = dir .. "/" .. name
		if imp.stat(path) == "directory" then remove(path) else os.remove(path) end
	end
	os.remove(dir)
end

local function number(list)
	local start = list[1] and list[1].t or 0
	for _, e in ipairs(list) do
		if e.t then e.t = e.t - start end
		e.key = nil
	end
	return J.array(list)
end

function M.run(args)
	local opt, rest = U.options(args, { yes = true, json = true, keep = true, pcap = "a file" }, "demo")
	if opt.help then return print(M.help) end
	local name = rest[1] or "fdo"
	if rest[2] then U.usage("demo takes one name") end
	if not is_scenario(name) then U.usage("there is no demo '%s'; nearest: %s", name, U.nearest(name, scenarios)) end
	local scenario = require("cmd.demo_" .. name)
	local program = imp.program()
	local dir, why = imp.mkdtemp()
	if not dir then U.fail("%s", why) end
	local s = setmetatable({ columns = scenario.columns, json = opt.json, yes = opt.yes, loop = imp.loop(), heard = {}, address = {}, asked = {}, exits = {}, pids = {}, count = 0, dir = dir, program = program, pcap = opt.pcap and Pcap.create(opt.pcap), captures = {},
		players = J.array(), messages = {}, questions = {}, beliefs = {}, knowledge = {}, notes = {} }, Stage)
	s.ladder = Ladder.new(s.columns, function(line) s:out(line) end)
	local began = imp.now()
	s:out(scenario.title .. "\n")
	s.ladder:heads()
	s.play = coroutine.create(function() scenario.play(s) end)
	s.loop:after(LATEST, function()
		s.failed = s.failed or (s.waiting and ("waited in vain for %s to say '%s'"):format(s.waiting.player, s.waiting.event) or "too slow")
		s.loop:stop()
	end)
	s.hands = opt.yes or opt.json or not imp.is_tty(0)
	if not s.hands then s.loop:lines(function(line) if line and s.reader then s:carry(line) end end) end
	s.loop:after(0, function() s:go() end)
	s.loop:signals(function()
		s.failed = "interrupted"
		s.loop:stop()
	end)
	s.loop:run()
	for player, pid in pairs(s.pids) do
		if not s.exits[player] then imp.kill(pid) end
	end
	local seconds = (imp.now() - began) / 1000
	if s.pcap then s.pcap:merge(s.captures) end
	if opt.json then
		print(J.encode({ demo = name, ok = not s.failed, trouble = s.failed, seconds = seconds, players = s.players, messages = number(s.messages), questions = number(s.questions),
			beliefs = J.array(s.beliefs), knowledge = number(s.knowledge), notes = J.array(s.notes) }, ""))
	elseif not s.failed then
		s:table()
		s:out(("\n%s in %.1f s, %d messages"):format(U.paint("green", "onboarded"), seconds, #s.messages))
	end
	if opt.keep then s:out("kept: " .. dir) else remove(dir) end
	if s.failed then U.fail("demo: %s", s.failed) end
end

return M
