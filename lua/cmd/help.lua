-- help.lua -- longer explanations
local imp = require "imprint"
local U = require "cmd.util"

local H = {}

local function policies()
	return [[
POLICY: every decision is a question to a Lua file (serve --policy FILE).
The file returns a table of functions, one for each kind of question:

  return { authorize = function(q) ... end }

  q.topic   "authorize"
  q.name    who it is about: a GUID in hex, in DI a serial number
  q.role    which role of ours asks: owner, rendezvous, maker
  q.time    Unix seconds, 0 if unknown
  q.tries   how often this question was answered with later()
  q.claims  what is known of it, by fact topic; byte strings are hex:
            identity, config (device info), anchor (SHA-256 of the
            manufacturer's key), owner, peerkey, chain, voucher (number of
            entries), server (seconds asked for)

It returns true, or a table for the answer (owner: {voucher = true} reuses the
credential; rendezvous: {server = seconds} is the longest registration), or
false and a reason, or later(seconds): ask again then.  An error, no answer,
another type, more than a million steps, a megabyte or half a second: refused.
There is no io, os, require, pcall, metatables or patterns in it, and nothing is
kept from one question to the next.  Without --policy all is refused.

Two examples, which are built in (serve --policy allow_list or trust_maker
uses the text below; copy it to a file and put your own values in):

--- allow_list
]] .. imp.built_in("policies.allow_list") .. "\n--- trust_maker\n" .. imp.built_in("policies.trust_maker")
end

local topics = {
	policy = policies,
	codes = function() return "EXIT CODES: 0 it worked; 1 it failed, and why is on standard error; 2 the command line is wrong." end,
	facts = function() return "FACTS: what a protocol asks for as belief and keeps as knowledge: imprint list --facts.\nServers and devices keep them in one SQLite file (--store FILE); what a run learns is\nprovisional and becomes durable all at once or not at all." end,
}

function H.topics()
	local t = {}
	for k in pairs(topics) do t[#t + 1] = k end
	table.sort(t)
	return t
end

H.help = "usage: imprint help WORD|TOPIC\ntopics: " .. table.concat(H.topics(), ", ")

function H.run(args)
	local what = args[1]
	if what == "--help" or what == "-h" or not what then return print(H.help) end
	if topics[what] then return print(topics[what]()) end
	local known, word = pcall(require, "cmd." .. what)
	if known and type(word) == "table" and word.help then return print(word.help) end
	local all = H.topics()
	for _, w in ipairs { "demo", "list", "explain", "compare", "plan", "make", "device", "serve", "voucher", "inspect" } do all[#all + 1] = w end
	U.usage("there is no help about '%s'; nearest: %s", what, U.nearest(what, all))
end

return H
