-- help.lua -- the words explained: lua/help/*.md, and what the manifests say
local imp = require "imprint"
local U = require "cmd.util"
local W = require "cmd.words"

local H = {}

H.subjects = { "stack", "layer", "link", "message", "ticket", "session", "fact", "belief", "knowledge", "claim", "policy", "role", "plugin", "cut", "triage", "codes", "lua", "embed" }

local function has(list, x)
	for _, v in ipairs(list) do
		if v == x then return true end
	end
end

-- Policy -------------------------------------------------------------------

local decisions = { authorize = true, choose = true, verify = true }
local role_names = { "device", "owner", "relay", "maker", "rendezvous" }

local function roles(bits)
	local t = {}
	for i, name in ipairs(role_names) do
		if bits & 1 << i ~= 0 then t[#t + 1] = name end
	end
	return #t > 0 and table.concat(t, ", ") or "every role"
end

local function rows(out, y, q, reply)
	for _, c in ipairs(y.claims) do
		local mine = c.roles == 0 or q.roles == 0 or c.roles & q.roles ~= 0
		if mine and c.ask == q.topic and c.reply == reply then
			out[#out + 1] = ("    %-9s %-13s %s%s"):format(c.topic, c.form:gsub(" or boolean", " or false"), c.text, not reply and not c.always and " (not always)" or "")
		end
	end
end

local function question(out, y, q)
	out[#out + 1] = ("  %s, asked by %s; q.name is %s: %s"):format(q.topic, roles(q.roles), q.name, q.text)
	rows(out, y, q, false)
	local answer = {}
	rows(answer, y, q, true)
	if answer[1] then out[#out + 1] = "   the answer may hold" end
	table.move(answer, 1, #answer, #out + 1, out)
end

-- Every question of every protocol that is built in, with all its claims.
function H.questions()
	local out = {}
	for _, p in ipairs(imp.plugins()) do
		for _, y in ipairs(p.layers) do
			local first = true
			for _, q in ipairs(y.questions or {}) do
				if decisions[q.topic] then
					if first then out[#out + 1] = ("\n%s (%s)"):format(y.id:gsub("^imp%.", ""), y.spec) end
					first = false
					question(out, y, q)
				end
			end
		end
	end
	return table.concat(out, "\n")
end

-- A block as it stands in the files: printed with four spaces, run by the tests.
local function block(word, text) return "```" .. word .. "\n" .. text .. "```\n" end

local function more_policy()
	return "\nWhat policy is asked, and the claims it sees:\n" .. H.questions()
		.. "\n\nTwo files that are built in (--policy allow_list, --policy trust_maker): copy one and\nput your own values in.\n\n"
		.. block("lua policy", imp.built_in "policies.allow_list") .. "\n" .. block("lua policy", imp.built_in "policies.trust_maker")
end

-- --------------------------------------------------------------------------

-- As it stands in its file, in Markdown.
function H.source(what)
	local text = imp.built_in("help." .. what)
	return text .. (what == "policy" and more_policy() or "")
end

local function plain(text)
	local out, inside = {}, false
	for line in text:gmatch "([^\n]*)\n" do
		if line:sub(1, 3) == "```" then
			inside = not inside
		else
			out[#out + 1] = inside and line ~= "" and "    " .. line:gsub("\t", "  ") or line
		end
	end
	return table.concat(out, "\n")
end

function H.text(what)
	if not has(H.subjects, what) and has(H.subjects, (what:gsub("s$", ""))) then what = what:gsub("s$", "") end -- facts
	if has(H.subjects, what) then return what:upper() .. "\n\n" .. plain(H.source(what)) end
	return has(W.names(), what) and what ~= "help" and require("cmd." .. what).help or nil
end

H.help = [[
usage: imprint help WORD|TOPIC [--markdown]
       imprint help --man | --completion bash|zsh
  --markdown    a topic as it is written, with the marks of its code blocks
  --man         the manual page, for man
  --completion  for the shell that is named
topics: ]] .. table.concat(H.subjects, ", "):gsub("knowledge, ", "knowledge,\n        ")

local options = { man = true, markdown = true, completion = "bash or zsh" }

function H.run(args)
	local opt, rest = U.options(args, options, "help")
	local what = rest[1]
	if opt.man then return io.write(require("cmd.manual").man()) end
	if opt.completion then return io.write(require("cmd.manual").completion(opt.completion)) end
	if opt.help or not what or what == "help" then return print(H.help) end
	if opt.markdown and has(H.subjects, what) then return io.write(H.source(what)) end
	local text = H.text(what)
	if text then return print(text) end
	local all = W.names()
	table.move(H.subjects, 1, #H.subjects, #all + 1, all)
	U.usage("there is no help about '%s'; nearest: %s; there is: %s", what, U.nearest(what, all), table.concat(all, ", "))
end

return H
