-- compare.lua -- section 3 of the survey, from the manifests
local U = require "cmd.util"
local J = require "cmd.json"
local C = require "cmd.catalogue"

local M = {}

M.help = [[
usage: imprint compare [NAME...] [--format FORMAT]
The comparisons of draft-irtf-t2trg-security-setup-iot-devices, section 3, for the
protocols that are built in (or those named): terminology, players, initial
beliefs, processes, knowledge; and what the survey has that is not built in.
]] .. C.help

local function roles_row(y)
	local row = { C.short(y.id), y.umbrella }
	for _, r in ipairs(C.bits.roles) do row[#row + 1] = C.has(y.roles, r[1]) and (y.called[r[1]] or r[2]) or "-" end
	return row
end

-- 3.1 has a row for each protocol
local function terminology(list)
	local columns, rows = { "protocol", "all of it" }, J.array()
	for _, r in ipairs(C.bits.roles) do columns[#columns + 1] = r[2] end
	for i, y in ipairs(list) do rows[i] = roles_row(y) end
	return { number = "3.1", title = "Terminology", columns = columns, rows = rows }
end

-- The others a row for each term: "yes", "optional" or "-"
local function grid(number, title, list, groups)
	local columns, rows = { "" }, J.array()
	for _, y in ipairs(list) do columns[#columns + 1] = C.short(y.id) end
	for _, g in ipairs(groups) do
		for _, b in ipairs(C.bits[g[1]]) do
			if not g[3] or g[3][b[2]] then
				local row = { (g[2] and g[2] .. ": " or "") .. (b[3] and g[1] == "properties" and b[3] or b[2]) }
				for _, y in ipairs(list) do
					local optional = g[1] == "players" and C.has(y.optional, b[1])
					row[#row + 1] = optional and "optional" or C.has(y[g[1]], b[1]) and "yes" or "-"
				end
				rows[#rows + 1] = row
			end
		end
	end
	return { number = number, title = title, columns = columns, rows = rows }
end

local function set(...)
	local t = {}
	for _, k in ipairs { ... } do t[k] = true end
	return t
end

local function sections(list)
	return J.array {
		terminology(list),
		grid("3.2", "Players", list, { { "players" } }),
		grid("3.3", "Initial beliefs", list, { { "beliefs_in" }, { "media", "out of band" }, { "properties", "consequence", set("id-in-clear", "vendor-online", "label-swap", "misbinding", "forward-secret") } }),
		grid("3.4", "Processes", list, { { "discovery", "discovery" }, { "trust", "first trust" }, { "authorizer", "authorization" }, { "properties", "person", set("unattended") } }),
		grid("3.5", "Knowledge imparted", list, { { "delivers", "family" }, { "properties", "afterwards", set("reset", "resale") } }),
	}
end

-- What each protocol imparts to the device, by its facts
local function facts(list)
	local rows = J.array()
	for _, y in ipairs(list) do
		for _, f in ipairs(y.knowledge) do
			if C.of_role(f, 1) then rows[#rows + 1] = { C.short(y.id), tostring(f.topic), f.name, f.text } end
		end
	end
	return { number = "3.5", title = "What the device knows then", columns = { "protocol", "topic", "name", "what" }, rows = rows }
end

local function chosen(names)
	local protocols = C.built_in()
	if not names[1] then return protocols, protocols end
	local list = J.array()
	for _, name in ipairs(names) do
		local y, all = C.find(protocols, name)
		if not y then U.usage("no protocol that is built in is called '%s'; nearest: %s", name, U.nearest(C.short(name), all)) end
		for _, other in ipairs(list) do
			if other == y then U.usage("%s is named twice", name) end
		end
		list[#list + 1] = y
	end
	return list, protocols
end

function M.run(args)
	local opt, rest = U.options(args, C.options, "compare")
	if opt.help then return print(M.help) end
	local format = C.format(opt)
	local list, protocols = chosen(rest)
	local all, missing = sections(list), C.missing(protocols)
	all[#all + 1] = facts(list)
	if format == "json" then
		local ids = J.array()
		for i, y in ipairs(list) do ids[i] = y.id end
		return print(J.encode({ protocols = ids, sections = all, not_built_in = missing }, ""))
	end
	local page = C.page(format)
	for _, s in ipairs(all) do
		page:heading(s.number .. " " .. s.title)
		page:table(s.columns, s.rows)
	end
	page:heading("In the survey and not built in")
	for _, name in ipairs(missing) do page:item(name) end
	if #missing == 0 then page:item("nothing") end
end

return M
