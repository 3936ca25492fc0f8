-- main.lua -- from the words on the command line to the file that does it
local U = require "cmd.util"
local imp = require "imprint"
local W = require "cmd.words"

local function overview()
	print("imprint -- sets up the security of devices\n\nusage: imprint WORD ... (WORD --help says more)\n")
	for _, w in ipairs(W.words) do print(("  %-9s %s"):format(w[1], w[2])) end
	print("\ntopics of help: " .. table.concat(require("cmd.help").subjects, ", "))
end

local function run(args)
	local word = args[1]
	if not word or word == "--help" or word == "-h" or (word == "help" and not args[2]) then return overview() end
	for _, w in ipairs(W.words) do
		if w[1] == word then return require("cmd." .. word).run(table.move(args, 2, #args, 1, {})) end
	end
	if word == "--version" then return print("imprint 0.1.0, ABI revision " .. require("imprint").rev) end
	U.usage("there is no word '%s'; nearest: %s; there are: %s", word, U.nearest(word, W.names()), table.concat(W.names(), ", "))
end

return function(args)
	U.program = args[0]
	U.colour = imp.is_tty(1) and not os.getenv("NO_COLOR") and os.getenv("TERM") ~= "dumb"
	local ok, what = xpcall(run, U.fault, args)
	if ok then return math.type(what) == "integer" and what or 0 end
	io.stderr:write("imprint: ", what.text, "\n")
	if what.exit == 2 then io.stderr:write("usage: imprint ", W.known(args[1]) and args[1] .. " --help" or "help", "\n") end
	return what.exit
end
