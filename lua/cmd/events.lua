-- events.lua -- what a player says of itself: JSON lines (--events), or lines
-- for people
local imp = require "imprint"
local U = require "cmd.util"
local J = require "cmd.json"
local Pcap = require "cmd.pcap"

local E = {}

local people = {
	ready = function(e) return ("%s: ready on %s"):format(table.concat(e.roles or {}, ", "), e.address) end,
	question = function(e)
		local said = e.verdict == "yes" and U.paint("green", "yes") or e.verdict == "later" and U.paint("yellow", "later, " .. e.seconds .. " s") or U.paint("red", "no: " .. tostring(e.reason))
		return ("%s: %s %s? %s"):format(e.role, e.topic, e.name, said)
	end,
	knowledge = function(e) return ("learnt %s %s%s"):format(e.topic, e.name, e.secret and " (secret)" or ": " .. (e.value or "")) end,
	done = function(e)
		if e.code == 0 then return U.paint("green", "done") .. (e.run and ": " .. e.run or "") end
		if e.code > 0 then return ("done for now, again in %d s"):format((e.when or 0) // 1000) end
		return ("%s: %s%s%s%s%s"):format(U.paint("red", "failed"), e.text, e.what and " (" .. e.what .. ")" or "", e.reason and ": " .. e.reason or "", e.number and ", error " .. e.number or "", e.where ~= "" and " at " .. e.where or "")
	end,
	news = function(e) return ("%s %s: %s"):format(e.topic, e.name, e.value or tostring(e.code)) end,
	trouble = function(e) return U.paint("red", e.text) end,
	onboarded = function(e) return U.paint("green", "onboarded ") .. tostring(e.guid) end,
	registered = function(e) return e.seconds > 0 and ("registered %s for %d s"):format(e.guid, e.seconds) or nil end,
	note = function(e) return e.text end,
	message = function(e) return e.verbose and U.paint("dim", ("%s %s %s"):format(e.from or "?", e.reply and "<-" or "->", e.label)) or nil end,
}

-- opt.events: JSON lines; else what people want to know
function E.teller(opt)
	return function(e)
		if opt.events then
			e.t = imp.now()
			io.stdout:write(J.encode(e), "\n")
			io.stdout:flush()
			return
		end
		local text = people[e.event] and people[e.event](U.clean_all(e))
		if text then
			io.stdout:write(text, "\n")
			io.stdout:flush()
		end
	end
end

-- Messages that cross a cut server's front, and connections a client opens.
-- label(name, code) names a request or reply.
function E.requests(say, label)
	local asked = {}
	return function(m)
		if m.verb == "up" and m.pool:find("^client") then
			say { event = "link", here = m.here, peer = m.peer }
		elseif m.pool == "front" and m.verb == "rx" and not m.fed then
			asked[m.id] = m.name
			say { event = "message", peer = m.peer, label = label(m.name, nil), size = #m.data }
		elseif m.pool == "front" and m.verb == "answer" and m.fed then
			local text, good = label(asked[m.id] or "", m)
			asked[m.id] = nil
			say { event = "message", peer = m.peer, reply = true, label = text, size = #m.data, bad = not good or nil }
		end
	end
end

-- What the options ask for: with opt.events, `story` hears every message that
-- crosses a boundary; opt.pcap is a file for what crosses the wire.
function E.trace(loop, opt, story)
	local watch = {}
	if opt.events then watch[#watch + 1] = story end
	if opt.pcap then
		local file = Pcap.create(opt.pcap)
		watch[#watch + 1] = function(m) file:saw(m) end
	end
	if #watch == 0 then return end
	loop:trace(function(m)
		for _, f in ipairs(watch) do f(m) end
	end)
end

return E
