-- demo_dpp.lua -- Wi-Fi Easy Connect: a person scans a QR code
local U = require "cmd.util"

local S = {}

S.title = "Wi-Fi Easy Connect (DPP): a sensor with a QR code, a configurator, and you with the camera between them; over TCP on loopback"
S.columns = { "configurator", "device" }

local policy = [[
-- the policy of this demo: sensors only, and only if what the label says of the
-- device is what the device says of itself
return {
	authorize = function(q)
		local label, says = q.claims.server or {}, q.claims.identity or {}
		if label.info ~= says.name then return false, "the label is another device's" end
		return true
	end,
}
]]

function S.play(s)
	U.write(s.dir .. "/policy.lua", policy)
	s:spawn("configurator", "serve", "dpp-configurator", "--ssid", "greenhouse", "--akm", "dpp+psk+sae", "--pass", "tomatoes and basil", "--policy", s.dir .. "/policy.lua", "--store", s.dir .. "/configurator.db", "--once")
	s:wait("configurator", "ready")
	s:note("a sensor is switched on; its QR code is on its back")
	s:spawn("device", "device", "dpp", "--listen", "127.0.0.1:0", "--store", s.dir .. "/sensor.db", "--info", "sensor-17", "--name", "sensor-17")
	local e = s:wait("device", "exit")
	if e.code ~= 0 then error("the device was not configured", 0) end
end

return S
