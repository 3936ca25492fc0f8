-- demo_btmesh.lua -- Bluetooth Mesh: a lamp blinks, a person counts
local U = require "cmd.util"

local S = {}

S.title = "Bluetooth Mesh provisioning: a lamp without display, a provisioner, and you between them; PB-ADV over UDP on loopback"
S.columns = { "provisioner", "device" }

local policy = [[
-- the policy of this demo: only what is authenticated, by a person or a label
return {
	authorize = function(q)
		return true
	end,
}
]]

function S.play(s)
	U.write(s.dir .. "/policy.lua", policy)
	s:spawn("provisioner", "serve", "btmesh", "--listen", "127.0.0.1:0", "--policy", s.dir .. "/policy.lua", "--store", s.dir .. "/provisioner.db", "--once")
	local p = s:wait("provisioner", "ready")
	s:note("a lamp is switched on; it can blink up to 9 times")
	s:spawn("device", "device", "btmesh", "--to", p.address, "--store", s.dir .. "/lamp.db", "--output", "blink:1", "--only-oob")
	local e = s:wait("device", "exit")
	if e.code ~= 0 then error("the device was not provisioned", 0) end
end

return S
