-- json.lua -- just enough JSON (RFC 8259)
local J = {}

J.null = setmetatable({}, { __tostring = function() return "null" end })
local list = {}
function J.array(t) return setmetatable(t or {}, list) end

local short = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local function text(s)
	if not utf8.len(s) then s = s:gsub("[\128-\255]", function(c) return ("\\x%02x"):format(c:byte()) end) end
	return '"' .. s:gsub('[%c"\\\127]', function(c) return short[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function value(v, indent, out)
	local kind = type(v)
	if v == nil or v == J.null then
		out[#out + 1] = "null"
	elseif kind == "table" and (getmetatable(v) == list or #v > 0) then
		out[#out + 1] = "["
		for i, x in ipairs(v) do
			if i > 1 then out[#out + 1] = "," end
			if indent then out[#out + 1] = "\n" .. indent .. "  " end
			value(x, indent and indent .. "  ", out)
		end
		out[#out + 1] = indent and #v > 0 and "\n" .. indent .. "]" or "]"
	elseif kind == "table" then
		local keys = {}
		for k in pairs(v) do keys[#keys + 1] = tostring(k) end
		table.sort(keys)
		out[#out + 1] = "{"
		for i, k in ipairs(keys) do
			if i > 1 then out[#out + 1] = "," end
			if indent then out[#out + 1] = "\n" .. indent .. "  " end
			out[#out + 1] = text(k) .. (indent and ": " or ":")
			value(v[k], indent and indent .. "  ", out)
		end
		out[#out + 1] = indent and #keys > 0 and "\n" .. indent .. "}" or "}"
	elseif kind == "string" then
		out[#out + 1] = text(v)
	elseif kind == "number" then
		out[#out + 1] = math.type(v) == "integer" and tostring(v) or ("%.3f"):format(v)
	else
		out[#out + 1] = tostring(v)
	end
end

-- indent "": over many lines; nil: one line
function J.encode(v, indent)
	local out = {}
	value(v, indent, out)
	return table.concat(out)
end

local read

local function space(s, i) return s:find("[^ \t\r\n]", i) or #s + 1 end

local unshort = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }
local function read_text(s, i)
	local out = {}
	while true do
		local j = s:find('["\\]', i)
		if not j then error("unfinished text", 0) end
		out[#out + 1] = s:sub(i, j - 1)
		if s:sub(j, j) == '"' then return table.concat(out), j + 1 end
		local c = s:sub(j + 1, j + 1)
		if c == "u" then
			out[#out + 1] = utf8.char(tonumber(s:sub(j + 2, j + 5), 16) or error("bad escape", 0))
			i = j + 6
		else
			out[#out + 1] = unshort[c] or error("bad escape", 0)
			i = j + 2
		end
	end
end

local function read_many(s, i, close, item)
	i = space(s, i)
	if s:sub(i, i) == close then return i + 1 end
	while true do
		i = space(s, item(space(s, i)))
		local c = s:sub(i, i)
		if c == close then return i + 1 end
		if c ~= "," then error("expected , or " .. close, 0) end
		i = i + 1
	end
end

local words = { ["true"] = true, ["false"] = false, null = J.null }
function read(s, i)
	local c = s:sub(i, i)
	if c == "{" then
		local t = {}
		return t, read_many(s, i + 1, "}", function(at)
			if s:sub(at, at) ~= '"' then error("expected a key", 0) end
			local k, j = read_text(s, at + 1)
			j = space(s, j)
			if s:sub(j, j) ~= ":" then error("expected :", 0) end
			t[k], j = read(s, space(s, j + 1))
			return j
		end)
	elseif c == "[" then
		local t = J.array()
		return t, read_many(s, i + 1, "]", function(at)
			local v, j = read(s, at)
			t[#t + 1] = v
			return j
		end)
	elseif c == '"' then
		return read_text(s, i + 1)
	end
	local word = s:match("^%a+", i)
	if word and words[word] ~= nil then return words[word], i + #word end
	local num = s:match("^-?%d+%.?%d*[eE]?[+-]?%d*", i)
	if num then return math.tointeger(tonumber(num)) or tonumber(num), i + #num end
	error("expected a value", 0)
end

-- nil, why
function J.decode(s)
	local ok, v, i = pcall(read, s, space(s, 1))
	if not ok then return nil, v end
	if space(s, i) <= #s then return nil, "something follows" end
	return v
end

return J
