-- pool.lua -- a layer in Lua in the event loop's pools, which live as long as the
-- process
local T = require "t"
local imp = require "imprint"

local loop, heard = imp.loop(), {}
local pool = loop:pool { name = "pool", count = 2, stack = { imp.layer { id = "lua.pooled", step = function(_, cx, m)
	cx:emit { verb = "tell", data = "in a pool" }
	if m.name == "bad" then error "in a pool, too" end
	cx:emit { verb = "done" }
end } }, heard = function(m)
	heard[#heard + 1] = m.data
	if m.verb == "done" then loop:stop() end
end }
pool:start { name = "good" }
loop:run()
T.check("a layer in a pool of the event loop", heard[1] == "in a pool" and imp.fault() == nil)
pool:start { name = "bad" }
loop:after(50, function() loop:stop() end)
loop:run()
local fault = imp.fault()
T.check("... whose error is told", fault and fault:find("in a pool, too", 1, true) ~= nil and imp.fault() == nil, fault)

T.done(true)
