-- demo_thread.lua -- Thread commissioning: a person scans a joiner's label
local U = require "cmd.util"

local S = {}

S.title = "Thread commissioning: a door sensor with a label, a commissioner, and you with the camera between them; CoAP over DTLS (EC-JPAKE) on loopback"
S.columns = { "commissioner", "device" }

local policy = [[
-- the policy of this demo: one vendor's joiners, and only if their label said who they are
return {
	authorize = function(q)
		if not q.claims.identity then return false, "the label did not say which joiner it is" end
		if (q.claims.config or {}).vendor ~= "Doors" then return false, "this vendor's are not wanted" end
		return true
	end,
}
]]

function S.play(s)
	U.write(s.dir .. "/policy.lua", policy)
	s:spawn("commissioner", "serve", "thread-commissioner", "--listen", "127.0.0.1:0", "--network", "home", "--policy", s.dir .. "/policy.lua", "--store", s.dir .. "/commissioner.db", "--once")
	local p = s:wait("commissioner", "ready")
	s:note("a door sensor is switched on; its label is inside the battery lid")
	s:spawn("device", "device", "thread", "--to", p.address, "--store", s.dir .. "/sensor.db", "--vendor", "Doors", "--model", "Open/Shut", "--version", "1.2", "--url", "https://doors.example/setup")
	local e = s:wait("device", "exit")
	if e.code ~= 0 then error("the device did not join", 0) end
end

return S
