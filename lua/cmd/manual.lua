-- manual.lua -- the manual page and the shells' completion, from the help texts:
-- what the command says of itself
local W = require "cmd.words"
local H = require "cmd.help"
local U = require "cmd.util"

local M = {}

local function help_of(word) return require("cmd." .. word).help end

-- The words that come second, and the help of each: "fdo" after "serve".
local function kinds_of(word)
	local names, helps = U.kinds(word), {}
	for i, k in ipairs(names) do helps[i] = help_of(word .. "_" .. k:gsub("-", "_")) end
	return names, helps
end

-- "--option", each once, in the order of the help text
local function options_of(word)
	local seen, list = { help = true }, { "--help" }
	local _, more = kinds_of(word)
	for o in (help_of(word) .. table.concat(more)):gmatch "%f[-]%-%-(%l[%l-]*%l)" do
		if not seen[o] then list[#list + 1] = "--" .. o end
		seen[o] = true
	end
	return list
end

-- Man -------------------------------------------------------------------------

local function safe(text)
	text = text:gsub("\\", "\\e"):gsub("%-", "\\-")
	return (text:gsub("^([.'])", "\\&%1"):gsub("\n([.'])", "\n\\&%1"))
end

local function shown(text) return ".nf\n" .. safe(text) .. "\n.fi\n" end

function M.man()
	local out = { '.TH IMPRINT 1 "" "imprint" "User Commands"\n.SH NAME\nimprint \\- sets up the security of devices\n',
		".SH SYNOPSIS\n.B imprint\n.I WORD\n[...]\n.SH DESCRIPTION\nBootstrapping, onboarding, provisioning and commissioning of devices, both sides of each protocol.\n.SH WORDS\n" }
	for _, w in ipairs(W.words) do
		out[#out + 1] = (".SS %s\n%s.\n.PP\n"):format(w[1], safe(w[2])) .. shown(help_of(w[1]))
		local _, more = kinds_of(w[1])
		for _, help in ipairs(more) do out[#out + 1] = ".PP\n" .. shown(help) end
	end
	out[#out + 1] = ".SH TOPICS\n"
	for _, t in ipairs(H.subjects) do out[#out + 1] = (".SS %s\n"):format(t) .. shown((H.text(t):gsub("^[^\n]*\n\n", ""))) end
	return table.concat(out)
end

-- Completion ------------------------------------------------------------------

local function bash()
	local out = { "# bash completion for imprint, made by: imprint help --completion bash\n_imprint() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} list=\n\tcase ${COMP_WORDS[1]}:$COMP_CWORD in\n" }
	out[#out + 1] = ("\t*:1) list='%s' ;;\n"):format(table.concat(W.names(), " "))
	out[#out + 1] = ("\thelp:2) list='%s %s' ;;\n"):format(table.concat(W.names(), " "), table.concat(H.subjects, " "))
	for _, w in ipairs(W.names()) do
		local kinds = kinds_of(w)
		if kinds[1] then out[#out + 1] = ("\t%s:2) list='%s --help' ;;\n"):format(w, table.concat(kinds, " ")) end
	end
	for _, w in ipairs(W.names()) do out[#out + 1] = ("\t%s:*) list='%s' ;;\n"):format(w, table.concat(options_of(w), " ")) end
	out[#out + 1] = "\tesac\n\tCOMPREPLY=($(compgen -W \"$list\" -- \"$cur\"))\n\t[ -n \"${COMPREPLY[*]}\" ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n}\ncomplete -o filenames -F _imprint imprint\n"
	return table.concat(out)
end

local function zsh()
	local out = { "#compdef imprint\n# zsh completion for imprint, made by: imprint help --completion zsh\n_imprint() {\n\tif ((CURRENT == 2)); then\n\t\tlocal -a list=(\n" }
	for _, w in ipairs(W.words) do out[#out + 1] = ("\t\t\t'%s:%s'\n"):format(w[1], w[2]:gsub("'", ""):gsub(":", ";")) end
	out[#out + 1] = "\t\t)\n\t\t_describe word list\n\t\treturn\n\tfi\n\tcase $words[2] in\n"
	for _, w in ipairs(W.names()) do
		local more = w == "help" and " " .. table.concat(W.names(), " ") .. " " .. table.concat(H.subjects, " ") or ""
		for _, k in ipairs(kinds_of(w)) do more = more .. " " .. k end
		out[#out + 1] = ("\t%s) compadd -- %s%s ;;\n"):format(w, table.concat(options_of(w), " "), more)
	end
	out[#out + 1] = "\tesac\n\t_files\n}\n_imprint \"$@\"\n"
	return table.concat(out)
end

function M.completion(shell)
	local make = { bash = bash, zsh = zsh }
	if not make[shell] then U.usage("--completion is bash or zsh, not '%s'", shell) end
	return make[shell]()
end

return M
