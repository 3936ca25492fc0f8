-- files.lua -- the files and commands of a device, kept in one directory:
-- names are plain, what arrives is not in place before the run has committed
local imp = require "imprint"
local U = require "cmd.util"

local F = {}
F.__index = F

local OK, EFACT, EDENIED, ENOSPC, ELINK = 0, -12, -3, -6, -9
local PIECE, MOST, WORDS, OUTPUT = 1024, 1 << 30, 60, 65536

-- The owner reads and writes in the directory: the device's own memory must
-- not lie there.
local function check(dir, store)
	local ok, why = imp.mkdir(dir, 448)
	if not ok then U.fail("%s", why) end
	local _, _, one = imp.stat(store)
	local _, _, other = imp.stat(dir .. "/" .. store:match("[^/]*$"))
	if one and one == other then U.fail("--dir %s: the store %s lies in it, where the owner could read and replace it", dir, store) end
end

function F.new(dir, store, loop, facts, say)
	if dir then check(dir, store) end
	return setmetatable({ dir = dir, loop = loop, facts = facts, say = say }, F)
end

-- A name without a path: nothing can leave the directory.
function F:path(name)
	if not self.dir then return nil, "there is no --dir" end
	if name == "" or name:sub(1, 1) == "." or #name > 200 or name:find("[/\\%c]") then return nil, "not a plain file name" end
	return self.dir .. "/" .. name
end

function F:refuse(what, name, why)
	self.say { event = "trouble", text = ("refused to %s '%s': %s"):format(what, (name:gsub("%c", "?")), why) }
	return EDENIED
end

-- A part of a file for the owner.
function F:read(name, offset)
	local path, why = self:path(name)
	if not path then return { code = self:refuse("send", name, why) } end
	local kind, size = imp.stat(path)
	local f = kind == "file" and io.open(path, "rb")
	if not f then return { code = EFACT } end
	f:seek("set", offset)
	local data = f:read(PIECE) or ""
	f:close()
	return { code = size, data = data, more = offset + #data < size }
end

-- A part of a file from the owner; in place only after the commit.
function F:write(run, m)
	local path, why = self:path(m.name)
	if not path then return self:refuse("keep", m.name, why) end
	run.files = run.files or {}
	local f = run.files[m.name]
	if m.code == 0 then
		if f and not f.ended then f.handle:close() end
		f = { temp = ("%s/.part-%s"):format(self.dir, U.hex(imp.random(8))), path = path, size = 0 }
		f.handle, why = imp.create(f.temp, 384)
		if not f.handle then return self:refuse("keep", m.name, why) end
		run.files[m.name] = f
	end
	if not f or f.ended or f.size ~= m.code or f.size + #m.data > MOST or not f.handle:write(m.data) then return ENOSPC end
	f.size = f.size + #m.data
	if not m.more then
		f.ended = true
		if not f.handle:close() then return ENOSPC end
	end
	return OK
end

-- Before the run commits: whole files to their places.
function F:place(run)
	for name, f in pairs(run.files or {}) do
		if f.ended and imp.rename(f.temp, f.path) then
			run.files[name] = nil
			self.say { event = "knowledge", topic = "image", name = name, size = f.size, value = ("%d bytes, in %s"):format(f.size, f.path) }
		end
	end
end

-- When it is over: what has no place goes.
function F:forget(run)
	for _, f in pairs(run.files or {}) do
		if not f.ended then f.handle:close() end
		os.remove(f.temp)
	end
	run.files = nil
end

-- RUN: no shell; in the directory.  Output that one answer has no room for
-- waits: the same question comes again for it.
function F:execute(m)
	local run = self.facts:run(m)
	local o = run.output
	if not o then
		local words = imp.decode(m.data)
		if not self.dir or imp.kind(words) ~= "array" or #words > WORDS then return { code = EDENIED } end
		table.insert(words, 1, m.name)
		for i, w in ipairs(words) do
			if type(w) ~= "string" or w:find("\0") then return { code = EDENIED } end
			words[i] = w
		end
		local code, out, err = imp.execute(setmetatable(words, nil), self.dir, 60)
		if not code then return { code = EDENIED } end
		self.say { event = "ran", command = table.concat(words, " "), exit = code }
		o = { code = code, out = m.code & 1 ~= 0 and out:sub(1, OUTPUT) or "", err = m.code & 2 ~= 0 and err:sub(1, OUTPUT) or "" }
	end
	local half = (m.code >> 8) // 2
	local data = imp.encode(imp.array { imp.bytes(o.out:sub(1, half)), imp.bytes(o.err:sub(1, half)) })
	o.out, o.err = o.out:sub(half + 1), o.err:sub(half + 1)
	local more = half > 0 and (o.out ~= "" or o.err ~= "")
	run.output = more and o or nil
	return { code = o.code, data = data, more = more }
end

-- fdo.wget: one GET by the http layer of ours, the host on top of it.
function F:fetch(m)
	local words = imp.decode(m.data)
	local name, url, digest = words[1], words[2], words[3]
	local path, why = self:path(name)
	if not path then return { code = self:refuse("fetch", name, why) } end
	local run = self.facts:run(m)
	local all = {}
	local function finish(code, text)
		if text then self.say { event = "trouble", text = ("%s: %s"):format(url, text) } end
		self.facts:answer(m, { code = code, data = code >= 0 and imp.encode(#table.concat(all)) or "" })
	end
	local function got()
		local data = table.concat(all)
		if imp.kind(digest) == "bytes" and imp.hash("sha384", data) ~= tostring(digest) then return finish(EDENIED, "not the file the owner meant (SHA-384)") end
		if self:write(run, { name = name, code = 0, data = data }) ~= OK then return finish(ENOSPC) end
		finish(OK)
	end
	local base, rest = url:match("^(http://[^/]+)(/.*)$")
	if not base or url:find("[%s%c]") then
		finish(EDENIED, "only http:// is fetched")
		return "later"
	end
	self.pool = self.pool or self.loop:pool { name = "fetch", links = { "imp.http" }, role = "device", count = 4, max_msg = 16384, heard = function(e)
		if self.jobs[e.id] then self.jobs[e.id](e) else self.early = e end
	end }
	self.jobs = self.jobs or {}
	self.early = nil
	local size, over = 0, false
	local id = self.pool:start { verb = "open", name = base, ticket = 1 }
	if not id then
		finish(ELINK, "too many fetches")
		return "later"
	end
	local function stop(...)
		if over then return end
		over = true
		self.jobs[id] = nil
		self.pool:drop(id)
		finish(...)
	end
	self.jobs[id] = function(e)
		if e.verb == "up" then
			self.pool:feed(id, { verb = "tx", code = 1, name = rest, ticket = 2 })
		elseif e.verb == "down" then
			stop(ELINK, "no connection")
		elseif e.verb == "answer" then
			if e.code ~= 200 then return stop(EDENIED, "HTTP " .. e.code) end
			size = size + #e.data
			all[#all + 1] = e.data
			if size > MOST then return stop(ENOSPC, "too large") end
			if e.more then return self.pool:feed(id, { verb = "tx", code = 231, name = rest, ticket = 3 }) end
			over = true
			self.jobs[id] = nil
			self.pool:drop(id)
			got()
		end
	end
	if self.early and self.early.id == id then self.jobs[id](self.early) end -- it failed at once
	return "later"
end

return F
