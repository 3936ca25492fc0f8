-- util.lua -- arguments, errors, colours, files: what every word uses
local imp = require "imprint"
local U = {}


-- A failure that is told in plain words; exit 1, or 2 for wrong usage.
function U.fail(fmt, ...) error({ exit = 1, text = fmt:format(...) }, 0) end
function U.usage(fmt, ...) error({ exit = 2, text = fmt:format(...) }, 0) end

-- What xpcall caught, as { exit=, text= }.
function U.fault(e)
	return type(e) == "table" and e or { exit = 1, text = "a fault of its own: " .. debug.traceback(tostring(e), 2) }
end

function U.hex(s) return (tostring(s):gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
function U.unhex(s)
	if #s % 2 ~= 0 or s:find("[^%x]") then return nil end
	return (s:gsub("..", function(h) return string.char(tonumber(h, 16)) end))
end

-- Text that others wrote, safe for a terminal: no control characters.
function U.clean(s)
	if not utf8.len(s) then s = s:gsub("[\128-\255]", "?") end
	return (s:gsub("\r?\n", " "):gsub("%c", "?"):gsub("\xc2[\x80-\x9f]", "?"))
end

-- The same for every text of a flat table.
function U.clean_all(t)
	local out = {}
	for k, v in pairs(t) do out[k] = type(v) == "string" and U.clean(v) or v end
	return out
end

function U.nearest(word, words)
	local list = {}
	for _, w in ipairs(words) do list[#list + 1] = { w, imp.distance(word, w) } end
	table.sort(list, function(x, y) return x[2] < y[2] or x[2] == y[2] and x[1] < y[1] end)
	local out = {}
	for i = 1, math.min(3, #list) do
		if list[i][2] <= math.max(2, #word // 2) or i == 1 then out[#out + 1] = list[i][1] end
	end
	return table.concat(out, ", ")
end

-- Options of a word: { name = "text of its argument" or true for a flag,
-- or { "text", many = true } }.  Gives options and the words that are left.
function U.options(args, known, word)
	local opt, rest, names = {}, {}, { "--help" }
	for k in pairs(known) do names[#names + 1] = "--" .. k end
	local i = 1
	while i <= #args do
		local a = args[i]
		local name, value = a:match("^%-%-([%w-]+)=(.*)$")
		name = name or a:match("^%-%-([%w-]+)$")
		if a == "--" then
			table.move(args, i + 1, #args, #rest + 1, rest)
			break
		elseif a == "-h" or a == "--help" then
			opt.help = true
		elseif name and known[name] == nil then
			U.usage("%s has no option --%s; nearest: %s", word, name, U.nearest("--" .. name, names))
		elseif name and known[name] == true then
			if value then U.usage("--%s takes no value", name) end
			opt[name] = true
		elseif name then
			if not value then
				i = i + 1
				value = args[i]
			end
			local what = type(known[name]) == "table" and known[name][1] or known[name]
			if not value then U.usage("--%s needs a value: %s", name, what) end
			if type(known[name]) == "table" then
				opt[name] = opt[name] or {}
				table.insert(opt[name], value)
			elseif opt[name] then
				U.usage("--%s is given twice", name)
			else
				opt[name] = value
			end
		elseif a:sub(1, 1) == "-" and #a > 1 then
			U.usage("%s has no option %s; nearest: %s", word, a, U.nearest(a, names))
		else
			rest[#rest + 1] = a
		end
		i = i + 1
	end
	return opt, rest
end

-- The NAMEs of the built-in files cmd/WORD_NAME.lua ('-' there is '_').
function U.kinds(word)
	local list = {}
	for _, file in ipairs(imp.built_in_names()) do
		local name = file:match("^cmd%." .. word .. "_([%w_]+)$")
		list[#list + 1] = name and name:gsub("_", "-")
	end
	table.sort(list)
	return list
end

-- A word whose first argument names the file that does it.
function U.dispatch(word, what)
	local kinds = U.kinds(word)
	local help = ("usage: imprint %s NAME [options]\n%s.  NAME is one of: %s\nimprint %s NAME --help says more."):format(word, what:sub(1, 1):upper() .. what:sub(2), table.concat(kinds, ", "), word)
	return { help = help, run = function(args)
		local name = args[1]
		if name == "--help" or name == "-h" then return print(help) end
		if not name or name:sub(1, 1) == "-" then U.usage("%s what?  There are: %s", word, table.concat(kinds, ", ")) end
		for _, k in ipairs(kinds) do
			if k == name then return require("cmd." .. word .. "_" .. name:gsub("-", "_")).run(table.move(args, 2, #args, 1, {})) end
		end
		U.usage("there is no %s '%s'; nearest: %s", word, name, U.nearest(name, kinds))
	end }
end

function U.number(opt, name, low, high)
	local v = opt[name]
	if v == nil then return nil end
	local n = math.tointeger(tonumber(v))
	if not n or n < low or n > high then U.usage("--%s is a number from %d to %d, not '%s'", name, low, high, v) end
	return n
end

-- Files --------------------------------------------------------------------

function U.read(path, most)
	local f, why = io.open(path, "rb")
	if not f then U.fail("%s", why) end
	local s, err = f:read((most or 64 * 1024 * 1024) + 1)
	f:close()
	if not s and err then U.fail("%s: %s", path, err) end
	s = s or ""
	if #s > (most or 64 * 1024 * 1024) then U.fail("%s: larger than %d bytes", path, most or 64 * 1024 * 1024) end
	return s
end

-- Whole or not at all: beside it, then renamed.
function U.write(path, bytes, mode)
	local temp = path .. ".new"
	os.remove(temp)
	local f, why = imp.create(temp, mode or 420)
	if not f then U.fail("%s: %s", path, why) end
	local ok, err = f:write(bytes)
	if ok then ok, err = f:close() end
	if ok then ok, err = imp.rename(temp, path) end
	if not ok then
		os.remove(temp)
		U.fail("%s: %s", path, err)
	end
end

local b64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

function U.base64(s)
	local out = {}
	for i = 1, #s, 3 do
		local a, b, c = s:byte(i, i + 2)
		local n = a << 16 | (b or 0) << 8 | (c or 0)
		for k = 0, 3 do
			local d = n >> (18 - 6 * k) & 63
			out[#out + 1] = (k == 2 and not b or k == 3 and not c) and "=" or b64:sub(d + 1, d + 1)
		end
	end
	return table.concat(out)
end

-- nil, position of the first bad character
function U.unbase64(s)
	local out, n, bits, ended = {}, 0, 0, 0
	for i = 1, #s do
		local c = s:sub(i, i)
		local v = b64:find(c, 1, true)
		if c:find("%s") then
		elseif c == "=" and (bits == 2 or bits == 4 or ended > 0) then
			ended = ended + 1
			bits = 0
		elseif not v or ended > 0 then
			return nil, i
		else
			n = (n << 6 | v - 1) & 0xffffff
			bits = bits + 6
			if bits >= 8 then
				bits = bits - 8
				out[#out + 1] = string.char(n >> bits & 255)
			end
		end
	end
	if bits == 6 then return nil, #s end
	return table.concat(out)
end

-- Every PEM block of a text: { label=, bytes=, at= }; nil, why, offset
function U.pem(text)
	local blocks, at = {}, 1
	while true do
		local from, to, label = text:find("%-%-%-%-%-BEGIN ([%u%d ]+)%-%-%-%-%-[ \t]*\r?\n", at)
		if not from then break end
		local stop, last = text:find("-----END " .. label .. "-----", to, true)
		if not stop then return nil, ("expected -----END %s-----"):format(label), #text end
		local body = text:sub(to + 1, stop - 1)
		if label == "EC PARAMETERS" then
			at = last + 1
			goto continue
		end
		local bytes, bad = U.unbase64(body)
		if not bytes then return nil, "expected base64", to + bad - 1 end
		blocks[#blocks + 1] = { label = label, bytes = bytes, at = from - 1 }
		at = last + 1
		::continue::
	end
	return blocks
end

function U.to_pem(label, bytes)
	local lines = U.base64(bytes):gsub(("."):rep(64), "%0\n")
	return ("-----BEGIN %s-----\n%s%s-----END %s-----\n"):format(label, lines, lines:sub(-1) == "\n" and "" or "\n", label)
end

-- Colours ------------------------------------------------------------------

local codes = { bold = 1, dim = 2, red = 31, green = 32, yellow = 33, blue = 34, magenta = 35, cyan = 36 }
function U.paint(colour, s)
	if not U.colour then return s end
	return ("\27[%dm%s\27[0m"):format(codes[colour], s)
end

return U
