-- demo_lwm2m.lua -- LwM2M bootstrap: a meter gets its server account
local U = require "cmd.util"

local S = {}

S.title = "LwM2M bootstrap: a meter with the key of a bootstrap server, which tells it where to register, and with what key; CoAP over DTLS on loopback"
S.columns = { "server", "device" }

local policy = [[
-- the policy of this demo: an endpoint is who its key says it is
return {
	authorize = function(q)
		if q.claims.peerkey ~= "%s" then return false, "this key is another endpoint's" end
		return true
	end,
}
]]

local config = [[
{ "servers": [ { "uri": "coaps://meters.example:5684", "ssid": 101, "lifetime": 3600, "mode": "psk", "identity": "meter-17", "key": "6f72616e676573616e646c656d6f6e73" } ] }
]]

function S.play(s)
	local key = "meter-17=" .. U.hex(require "imprint".random(16))
	U.write(s.dir .. "/policy.lua", policy:format(U.hex("meter-17")))
	U.write(s.dir .. "/config.json", config)
	s:spawn("server", "serve", "lwm2m-bs", "--listen", "127.0.0.1:0", "--config", s.dir .. "/config.json", "--policy", s.dir .. "/policy.lua", "--psk", key, "--store", s.dir .. "/server.db", "--once")
	local p = s:wait("server", "ready")
	s:note("a meter is switched on; it came with the address of its bootstrap server and a key")
	s:spawn("device", "device", "lwm2m", "--bs", "coaps://" .. p.address, "--ep", "meter-17", "--psk", key, "--store", s.dir .. "/meter.db")
	local e = s:wait("device", "exit")
	if e.code ~= 0 then error("the device was not bootstrapped", 0) end
end

return S
