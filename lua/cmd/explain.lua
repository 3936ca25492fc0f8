-- explain.lua -- all that a manifest says, under the survey's headings
local imp = require "imprint"
local U = require "cmd.util"
local J = require "cmd.json"
local C = require "cmd.catalogue"

local E = {}

E.help = [[
usage: imprint explain NAME [--format FORMAT]
All there is to know of a protocol that is built in: its words, players, initial
beliefs, process, the knowledge it imparts, stacks, algorithms and security
properties.  Of a transport or a crypto provider: what it offers.
]] .. C.help

-- { name, text } of each bit that is set
local function terms(group, bits)
	local t = J.array()
	for _, b in ipairs(C.bits[group]) do
		if C.has(bits, b[1]) then t[#t + 1] = { name = b[2], text = b[3] } end
	end
	return t
end

local function facts_of(list)
	local t = J.array()
	for i, f in ipairs(list) do
		t[i] = { topic = tostring(f.topic), name = f.name, text = f.text, needed = f.needed, secret = f.secret, many = f.many, roles = C.names("roles", f.roles) }
	end
	return t
end

local function protocol(y)
	local called, properties, algs = {}, J.array(), J.array()
	for _, r in ipairs(C.bits.roles) do
		if C.has(y.roles, r[1]) then called[r[2]] = y.called[r[1]] or r[2] end
	end
	for _, b in ipairs(C.bits.properties) do
		local set = C.has(y.properties, b[1])
		properties[#properties + 1] = { name = b[2], set = set, text = set and b[3] or b[4] }
	end
	for i, a in ipairs(y.algs) do algs[i] = C.alg(a) end
	local stacks = J.array()
	for i, s in ipairs(y.stacks) do stacks[i] = C.short(y.id) .. "/" .. s end
	return {
		kind = "protocol", id = y.id, version = y.version, spec = y.spec, license = y.license, umbrella = y.umbrella, called = called, terms = y.terms,
		players = terms("players", y.players), optional_players = C.names("players", y.optional),
		beliefs_in = terms("beliefs_in", y.beliefs_in), media = C.names("media", y.media), without_medium = y.media == 0 or y.media & 1 == 1,
		discovery = terms("discovery", y.discovery), trust = terms("trust", y.trust), authorizer = terms("authorizer", y.authorizer), process = y.process,
		delivers = terms("delivers", y.delivers), properties = properties, stacks = stacks, algorithms = algs,
		beliefs = facts_of(y.beliefs), knowledge = facts_of(y.knowledge), questions = facts_of(y.questions),
	}
end

local function provider(id)
	local algs, curves = J.array(), J.array()
	for _, a in ipairs(C.algs) do
		if imp.can(id, a[1], a[3] or 0) then algs[#algs + 1] = a[2] end
	end
	for _, c in ipairs(C.curves) do
		if imp.can(id, c[1]) then curves[#curves + 1] = c[2] end
	end
	return { kind = "crypto provider", id = id, algorithms = algs, curves = curves }
end

-- Printing --------------------------------------------------------------------

local function lines(page, list)
	for _, t in ipairs(list) do page:item(t.text and t.text ~= "" and ("%s: %s"):format(t.name, t.text) or t.name) end
end

local function table_of(page, list)
	local rows = {}
	for i, f in ipairs(list) do
		local marks = {}
		for _, m in ipairs { "needed", "secret", "many" } do
			if f[m] then marks[#marks + 1] = m end
		end
		rows[i] = { #f.roles > 0 and table.concat(f.roles, ", ") or "all", f.topic, f.name, table.concat(marks, ", "), f.text }
	end
	page:table({ "role", "topic", "name", "", "what" }, rows)
end

local function media(page, d)
	if #d.media == 0 then return page:item("out of band: nothing") end
	page:item(("out of band: one of %s%s"):format(table.concat(d.media, ", "), d.without_medium and ", or nothing" or ""))
end

local function show_protocol(page, d)
	page:heading(("%s: %s"):format(d.id, d.spec), 1)
	page:heading("Terms")
	page:item(("all of it is called: %s"):format(d.umbrella))
	for _, r in ipairs(C.bits.roles) do
		if d.called[r[2]] then page:item(("the %s is called: %s"):format(r[2], d.called[r[2]])) end
	end
	page:item("its words: " .. d.terms)
	page:heading("Players")
	lines(page, d.players)
	if #d.optional_players > 0 then page:item("it can do without: " .. table.concat(d.optional_players, ", ")) end
	page:heading("Initial beliefs")
	lines(page, d.beliefs_in)
	media(page, d)
	page:text("")
	table_of(page, d.beliefs)
	page:heading("Process")
	page:text(d.process)
	for _, p in ipairs { { "discovery", "discovery" }, { "trust", "first trust" }, { "authorizer", "authorization" } } do
		for _, t in ipairs(d[p[1]]) do page:item(("%s: %s, %s"):format(p[2], t.name, t.text)) end
	end
	if #d.questions > 0 then
		page:heading("Questions to the host")
		table_of(page, d.questions)
	end
	page:heading("Knowledge imparted")
	lines(page, d.delivers)
	page:text("")
	table_of(page, d.knowledge)
	page:heading("Stacks")
	for _, s in ipairs(d.stacks) do page:item(s) end
	page:heading("Algorithms")
	page:text(table.concat(d.algorithms, ", "))
	page:heading("Security properties")
	for _, p in ipairs(d.properties) do page:item(p.text) end
end

local function show(page, d)
	if d.kind == "protocol" then return show_protocol(page, d) end
	page:heading(("%s: %s"):format(d.id, d.spec or d.kind), 1)
	if d.kind == "transport" then
		page:item("offers: " .. d.offers)
		page:item("stands on: " .. table.concat(d.needs, ", "))
		page:item("version " .. d.version)
	else
		page:item("algorithms: " .. table.concat(d.algorithms, ", "))
		page:item("curves and groups: " .. table.concat(d.curves, ", "))
	end
end

local function find(name)
	local protocols, transports, cryptos = C.built_in()
	local y, all = C.find(protocols, name)
	if y then return protocol(y) end
	local t, more = C.find(transports, name)
	if t then return { kind = "transport", id = t.id, version = t.version, spec = t.spec, offers = t.offers, needs = J.array(t.needs) } end
	local c, most = C.find(cryptos, name)
	if c then return provider(c) end
	table.move(more, 1, #more, #all + 1, all)
	table.move(most, 1, #most, #all + 1, all)
	U.usage("nothing that is built in is called '%s'; nearest: %s", name, U.nearest(C.short(name), all))
end

function E.run(args)
	local opt, rest = U.options(args, C.options, "explain")
	if opt.help then return print(E.help) end
	if not rest[1] then U.usage("explain what?  imprint list names all") end
	if rest[2] then U.usage("explain takes one name") end
	local format = C.format(opt)
	local d = find(rest[1])
	if format == "json" then return print(J.encode(d, "")) end
	show(C.page(format), d)
end

return E
