-- plan.lua -- with what a device has and who is there: which protocol?
local U = require "cmd.util"
local J = require "cmd.json"
local C = require "cmd.catalogue"

local P = {}

P.help = ([[
usage: imprint plan [--belief KIND]... [--player NAME]... [--medium NAME]... [--format FORMAT]
Which of the protocols that are built in can onboard a device that has these
beliefs, where these players are, over this out-of-band medium: in order of
preference, with reasons; and what is missing for the others.  A KIND, NAME or
medium may be a list (a,b).  What is not asked about is no obstacle.
  --belief KIND   %s,
                  or the name of a fact that the device has (imprint explain
                  NAME lists them)
  --player NAME   %s
  --medium NAME   %s,
                  or none
Exit 0: some protocol can; 1: none.
%s]]):format(C.names_in_lines("beliefs_in", 18), C.names_in_lines("players", 18), C.names_in_lines("media", 18), C.help)

local options = { belief = { "a kind of belief", many = true }, player = { "a player", many = true }, medium = { "a medium", many = true }, json = true, format = C.options.format }

-- What speaks for a protocol, and against it: { points, group, bit, text }
local reasons = {
	{ 4, "trust", 3, "a voucher says whose device it is" }, { 4, "trust", 2, "certificates prove what the device is" }, { 2, "trust", 4, "a secret of device and owner" },
	{ 1, "trust", 1, "a label that only its holder can read" }, { 1, "trust", 0, "a person sees to it" }, { -3, "trust", 5, "a leap of faith" },
	{ 2, "properties", 7 }, { 1, "properties", 6 }, { 1, "properties", 5 }, { 1, "properties", 4 },
	{ -1, "properties", 0 }, { -1, "properties", 1 }, { -2, "properties", 2 }, { -2, "properties", 3 },
}

local function words(list)
	local t = {}
	for _, s in ipairs(list or {}) do
		for w in s:gmatch("[^,]+") do t[#t + 1] = w end
	end
	return t
end

-- Bits of these names; others go to `other`
local function bits(group, names, option, other)
	if not names then return nil end
	local v = 0
	for _, w in ipairs(words(names)) do
		local bit = C.bit(group, w)
		if bit then v = v | bit elseif not (other and other(w)) then U.usage("--%s: there is no '%s'; nearest: %s", option, w, U.nearest(w, C.all(group))) end
	end
	return v
end

-- What a trust stands on must be among the device's beliefs; certificates say
-- which device it is, so labels do not matter then.
local cert, labelled = C.bit("beliefs_in", "cert"), C.bit("beliefs_in", "symmetric") | C.bit("beliefs_in", "rawkey")
local proven = C.bit("trust", "pki") | C.bit("trust", "voucher")
local of_labels = C.bit("properties", "label-swap") | C.bit("properties", "misbinding")

local function counts(y, r, used)
	local bit = 1 << r[3]
	if r[2] == "properties" then return bit & of_labels == 0 or used & cert == 0 or y.trust & proven == 0 end
	if bit & proven ~= 0 then return used & cert ~= 0 end
	return bit ~= C.bit("trust", "label") or used & labelled ~= 0
end

-- The first trust that counts is the best; of the rest every bit.
local function judge(y, beliefs)
	local list, trusted, score, used = J.array(), false, 0, y.beliefs_in & beliefs
	local function add(points, text)
		list[#list + 1] = { points = points, text = text }
		score = score + points
	end
	for i = #C.bits.beliefs_in, 1, -1 do
		local b = C.bits.beliefs_in[i]
		if C.has(used, b[1]) then
			add(b[1], ("the device's belief that is used: %s (%s)"):format(b[2], b[3]))
			break
		end
	end
	for _, r in ipairs(reasons) do
		local trust = r[2] == "trust"
		if C.has(y[r[2]], r[3]) and counts(y, r, used) and not (trust and trusted) then
			local text = r[4]
			for _, b in ipairs(C.bits.properties) do
				if not trust and b[1] == r[3] then text = b[3] end
			end
			add(r[1], text)
			trusted = trusted or trust
		end
	end
	return list, score
end

-- Does an earlier run of the protocol leave this with the device?
local function imparted(y, fact)
	for _, k in ipairs(y.knowledge) do
		if C.of_role(k, 1) and k.topic == fact.topic and k.name == fact.name then return true end
	end
	return false
end

-- Facts the device needs beforehand and that were not said to be there
local function prepare(y, known)
	local t = J.array()
	for _, f in ipairs(y.beliefs) do
		if f.needed and C.of_role(f, 1) and not known[f.name] then t[#t + 1] = { topic = tostring(f.topic), name = f.name, text = f.text, imparted = imparted(y, f) } end
	end
	return t
end

local function missing(y, have)
	local t = J.array()
	if have.beliefs and y.beliefs_in & have.beliefs == 0 then t[#t + 1] = "a belief: " .. table.concat(C.names("beliefs_in", y.beliefs_in), " or ") end
	local absent = have.players and y.players & ~y.optional & ~have.players or 0
	if absent ~= 0 then t[#t + 1] = "players: " .. table.concat(C.names("players", absent), ", ") end
	local alone = y.media == 0 or y.media & 1 == 1
	if have.media and not alone and y.media & have.media == 0 then t[#t + 1] = "a medium: " .. table.concat(C.names("media", y.media), " or ") end
	return t
end

-- Everybody could pretend to have nothing: blank is always there.
local function having(opt, protocols)
	local have, facts, names = { known = {} }, {}, C.all("beliefs_in")
	for _, y in ipairs(protocols) do
		for _, f in ipairs(y.beliefs) do
			if C.of_role(f, 1) then
				facts[f.name] = true
				names[#names + 1] = f.name
			end
		end
	end
	local kinds = 0
	have.beliefs = bits("beliefs_in", opt.belief, "belief", function(w)
		if not facts[w] then U.usage("--belief: there is no '%s'; nearest: %s", w, U.nearest(w, names)) end
		have.known[w] = true
		return true
	end)
	kinds = have.beliefs or 0
	have.beliefs = kinds ~= 0 and kinds | 1 or nil
	have.players = bits("players", opt.player, "player")
	have.media = bits("media", opt.medium, "medium", function(w) return w == "none" end)
	return have
end

local function plan(opt)
	local protocols = C.built_in()
	local have, list = having(opt, protocols), J.array()
	for i, y in ipairs(protocols) do
		local why, score = judge(y, have.beliefs or y.beliefs_in)
		local lacks = missing(y, have)
		list[i] = { id = y.id, spec = y.spec, fits = #lacks == 0, score = score, reasons = why, missing = lacks, prepare = prepare(y, have.known) }
	end
	table.sort(list, function(a, b)
		if a.fits ~= b.fits then return a.fits end
		if a.fits and a.score ~= b.score then return a.score > b.score end
		if #a.missing ~= #b.missing then return #a.missing < #b.missing end
		return a.id < b.id
	end)
	return list
end

local function show(page, list)
	local n = 0
	for _, y in ipairs(list) do
		if y.fits then
			n = n + 1
			page:heading(("%d. %s: %s (%+d)"):format(n, C.short(y.id), y.spec, y.score))
			for _, r in ipairs(y.reasons) do page:item(("%+d %s"):format(r.points, r.text)) end
			for _, f in ipairs(y.prepare) do page:item(("%s: %s %s, %s"):format(f.imparted and "from an earlier run" or "the device needs", f.topic, f.name, f.text)) end
		end
	end
	for _, y in ipairs(list) do
		if not y.fits then
			page:heading(("no: %s: %s"):format(C.short(y.id), y.spec))
			for _, m in ipairs(y.missing) do page:item("missing: " .. m) end
		end
	end
end

function P.run(args)
	local opt, rest = U.options(args, options, "plan")
	if opt.help then return print(P.help) end
	if rest[1] then U.usage("plan takes no argument '%s'; what the device has is --belief", rest[1]) end
	local format = C.format(opt)
	local list = plan(opt)
	if format == "json" then
		print(J.encode({ protocols = list }, ""))
	else
		show(C.page(format), list)
	end
	return list[1] and list[1].fits and 0 or 1
end

return P
