-- list.lua -- what is built in
local U = require "cmd.util"
local J = require "cmd.json"
local C = require "cmd.catalogue"

local L = {}

L.help = [[
usage: imprint list [--facts] [--format FORMAT]
Protocols, transports and crypto providers that are built in.
  --facts                        also what each protocol believes beforehand and
                                 imparts
]] .. C.help

local function marks(f)
	local t = C.names("roles", f.roles)
	for _, m in ipairs { "needed", "secret", "many" } do
		if f[m] then t[#t + 1] = m end
	end
	return table.concat(t, ", ")
end

local function facts(page, title, list)
	local rows = {}
	for i, f in ipairs(list) do rows[i] = { tostring(f.topic), f.name, marks(f), f.text } end
	page:heading(title, 3)
	page:table({ "topic", "name", "whose", "what" }, rows)
end

function L.run(args)
	local opt, rest = U.options(args, { facts = true, json = true, format = C.options.format }, "list")
	if opt.help then return print(L.help) end
	if rest[1] then U.usage("list takes no argument '%s'", rest[1]) end
	local format = C.format(opt)
	local protocols, transports, cryptos = C.built_in()
	for _, y in ipairs(protocols) do y.roles_names = C.names("roles", y.roles) end
	if format == "json" then return print(J.encode({ protocols = protocols, transports = transports, cryptos = cryptos }, "")) end
	local page, rows = C.page(format), {}
	for i, y in ipairs(protocols) do rows[i] = { y.id, y.spec, table.concat(y.roles_names, ", ") } end
	page:heading("protocols")
	page:table({ "name", "specification", "roles" }, rows)
	for _, y in ipairs(opt.facts and protocols or {}) do
		facts(page, C.short(y.id) .. ": beliefs", y.beliefs)
		facts(page, C.short(y.id) .. ": knowledge", y.knowledge)
	end
	rows = {}
	for i, y in ipairs(transports) do rows[i] = { y.id, y.spec, ("%s over %s"):format(y.offers, table.concat(y.needs, ", ")) } end
	page:heading("transports")
	page:table({ "name", "specification", "what" }, rows)
	page:heading("crypto providers")
	for _, c in ipairs(cryptos) do page:item(c) end
end

return L
