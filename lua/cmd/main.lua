-- main.lua -- from the words on the command line to the file that does it
local U = require "cmd.util"
local imp = require "imprint"

local words = {
	{ "demo", "onboard a device before your eyes, every player a process of its own" },
	{ "list", "the protocols, transports and crypto providers that are built in" },
	{ "explain", "all about one of them: words, players, beliefs, process, properties" },
	{ "compare", "the survey's comparison of the protocols that are built in" },
	{ "plan", "which protocol can onboard a device that has these beliefs" },
	{ "make", "the factory: keys, device certificates, vouchers, credentials, labels" },
	{ "device", "be a device: onboard over the network" },
	{ "serve", "be an owner, a rendezvous server or a manufacturer" },
	{ "voucher", "show, extend or verify an ownership voucher" },
	{ "inspect", "what is in a file: CBOR, COSE, X.509, vouchers, credentials" },
	{ "help", "more about a word or a topic" },
}

local function overview()
	print("imprint -- sets up the security of devices\n\nusage: imprint WORD ... (WORD --help says more)\n")
	for _, w in ipairs(words) do print(("  %-9s %s"):format(w[1], w[2])) end
	print("\ntopics of help: " .. table.concat(require("cmd.help").topics(), ", "))
end

local function names()
	local t = {}
	for i, w in ipairs(words) do t[i] = w[1] end
	return t
end

local function known(word)
	for _, w in ipairs(words) do
		if w[1] == word then return true end
	end
end

local function run(args)
	local word = args[1]
	if not word or word == "--help" or word == "-h" or (word == "help" and not args[2]) then return overview() end
	for _, w in ipairs(words) do
		if w[1] == word then return require("cmd." .. word).run(table.move(args, 2, #args, 1, {})) end
	end
	if word == "--version" then return print("imprint 0.1.0, ABI revision " .. require("imprint").rev) end
	U.usage("there is no word '%s'; nearest: %s", word, U.nearest(word, names()))
end

return function(args)
	U.program = args[0]
	U.colour = imp.is_tty(1) and not os.getenv("NO_COLOR") and os.getenv("TERM") ~= "dumb"
	local ok, what = xpcall(run, U.fault, args)
	if ok then return math.type(what) == "integer" and what or 0 end
	io.stderr:write("imprint: ", what.text, "\n")
	if what.exit == 2 then io.stderr:write("usage: imprint ", known(args[1]) and args[1] .. " --help" or "help", "\n") end
	return what.exit
end
