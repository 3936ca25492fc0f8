-- people.lua -- what people see, and what they type: SHOW and READ at a
-- terminal; or, for who plays the person, as events and lines of standard input
local imp = require "imprint"
local U = require "cmd.util"

local P = {}
P.__index = P

local OK, EDENIED = 0, -3
local media = { "text", "qr", "nfc", "pin", "blink", "beep", "vibrate", "button", "uri", "file" }

local asked = { qr = "scan the QR code, or paste its text", uri = "paste the URI", nfc = "paste the tag's text", pin = "type the number or code", text = "type the text",
	blink = "how often does it blink?", beep = "how often does it beep?", vibrate = "how often does it vibrate?", button = "how often was it pushed or turned?", file = "name the file" }

-- o: loop, say, opt (events, attached)
function P.new(o)
	o.waiting = {}
	return setmetatable(o, P)
end

-- Lines that nobody waits for are dropped; the end of input ends us if we are
-- attached, else it denies what is asked.
function P:listen()
	local ok = self.loop:lines(function(line)
		if line then return self:typed(line) end
		if self.opt.attached then return self.loop:stop() end
		self.deaf = true
		while self.waiting[1] do table.remove(self.waiting, 1).answer { code = EDENIED } end
	end)
	if not ok and self.opt.attached then U.usage("--attached: standard input is no pipe, nobody can end us by it") end
	self.deaf = not ok
end

function P:typed(line)
	local q = table.remove(self.waiting, 1)
	if not q then return end
	line = line:match("^%s*(.-)%s*$")
	q.answer(line == "" and { code = EDENIED } or { code = OK, data = line, secret = true })
	if self.waiting[1] then self:prompt(self.waiting[1]) end
end

function P:prompt(q)
	if not self.opt.events then io.write(U.paint("bold", "? "), asked[q.medium] or q.medium, q.what ~= "" and " (" .. U.clean(q.what) .. ")" or "", ": ") io.flush() end
end

-- What a person perceives of `text`.
local function appearance(medium, text)
	local n = math.tointeger(tonumber(text))
	if medium == "qr" then
		local qr = imp.qr(text)
		if qr and U.colour then qr = qr:gsub("[^\n]+", "\27[97;40m%0\27[0m") end
		return "scan this:\n" .. (qr or "") .. text
	end
	if n and n > 0 and n <= 100 and (medium == "blink" or medium == "beep" or medium == "vibrate") then
		return ("it %ss %d times: %s"):format(medium, n, ("* "):rep(n))
	end
	if medium == "button" then return ("push or turn it %s times"):format(text) end
	return ("%s: %s"):format(medium, text)
end

-- TELL SHOW
function P:show(m)
	local medium = media[m.code] or tostring(m.code)
	self.say { event = "show", medium = medium, what = m.name, text = not m.forget and m.data or nil, withdrawn = m.forget or nil }
	if self.opt.events or m.forget then return end
	print(appearance(medium, U.clean(m.data)))
end

-- ASK READ: "later", and then the answer goes to whoever asked
function P:read(m, answer)
	local q = { medium = media[m.code] or tostring(m.code), what = m.name, answer = answer }
	if self.deaf then return { code = EDENIED } end
	self.say { event = "read", medium = q.medium, what = q.what }
	self.waiting[#self.waiting + 1] = q
	if #self.waiting == 1 then self:prompt(q) end
	return "later"
end

return P
