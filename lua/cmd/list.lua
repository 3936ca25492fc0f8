-- list.lua -- what is built in
local imp = require "imprint"
local U = require "cmd.util"
local J = require "cmd.json"

local L = {}

L.help = [[
usage: imprint list [--facts] [--json]
Protocols, transports and crypto providers that are built in.
  --facts  also what each protocol believes beforehand and imparts
  --json   the same as data]]

local role_names = { "device", "owner", "relay", "maker", "rendezvous" }
local function roles(bits)
	local t = {}
	for i, name in ipairs(role_names) do
		if bits & 1 << i ~= 0 then t[#t + 1] = name end
	end
	return t
end

local function facts(title, list)
	print("    " .. title)
	for _, f in ipairs(list) do
		local marks = (f.needed and " needed" or "") .. (f.secret and " secret" or "") .. (f.many and " many" or "")
		print(("      %-9s %-18s %s%s"):format(f.topic, f.name, f.text, marks ~= "" and " (" .. marks:sub(2) .. ")" or ""))
	end
end

local function show(y, opt)
	print(("  %s  %s"):format(U.paint("bold", ("%-10s"):format(y.id)), y.spec))
	if not y.roles then return end
	print("    roles: " .. table.concat(roles(y.roles), ", "))
	if opt.facts then
		facts("beliefs", y.beliefs)
		facts("knowledge", y.knowledge)
	end
end

function L.run(args)
	local opt, rest = U.options(args, { facts = true, json = true }, "list")
	if opt.help then return print(L.help) end
	if rest[1] then U.usage("list takes no argument '%s'", rest[1]) end
	local protocols, transports, cryptos = J.array(), J.array(), J.array()
	for _, p in ipairs(imp.plugins()) do
		for _, y in ipairs(p.layers) do
			if y.roles then y.roles_names = roles(y.roles) end
			table.insert(y.roles and protocols or transports, y)
		end
		for _, c in ipairs(p.cryptos) do cryptos[#cryptos + 1] = c end
	end
	if opt.json then return print(J.encode({ protocols = protocols, transports = transports, cryptos = cryptos }, "")) end
	print("protocols")
	for _, y in ipairs(protocols) do show(y, opt) end
	print("transports")
	for _, y in ipairs(transports) do show(y, opt) end
	print("crypto providers\n  " .. table.concat(cryptos, "\n  "))
end

return L
