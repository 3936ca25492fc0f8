-- dpp.lua -- what hosts need to know of Wi-Fi Easy Connect over TCP
local imp = require "imprint"
local U = require "cmd.util"

local D = {}

local frames = { [0] = "Authentication Request", "Authentication Response", "Authentication Confirm", [5] = "Peer Discovery Request", [6] = "Peer Discovery Response",
	[7] = "PKEX v1 Exchange Request", [8] = "PKEX Exchange Response", [9] = "PKEX Commit-Reveal Request", [10] = "PKEX Commit-Reveal Response", [11] = "Configuration Result",
	[12] = "Connection Status Result", [13] = "Presence Announcement", [14] = "Reconfiguration Announcement", [15] = "Reconfig Auth Request", [16] = "Reconfig Auth Response",
	[17] = "Reconfig Auth Confirm", [18] = "PKEX Exchange Request" }
local gas = { [0x0a] = "Configuration Request", [0x0b] = "Configuration Response", [0x0c] = "Comeback Request", [0x0d] = "Comeback Response" }

-- The names of the messages in some bytes of the stream.
function D.labels(bytes)
	local list, at = {}, 1
	while #bytes - at + 1 >= 5 do
		local n = (">I4"):unpack(bytes, at)
		local kind = bytes:byte(at + 4)
		local text = kind == 9 and #bytes >= at + 10 and (frames[bytes:byte(at + 10)] or "frame " .. bytes:byte(at + 10)) or gas[kind]
		if text then list[#list + 1] = { text = text, size = n } end
		at = at + 4 + n
	end
	return list
end

-- For Events.trace.
function D.story(say)
	return function(m)
		if m.verb ~= "rx" and m.verb ~= "tx" then return end
		for _, e in ipairs(D.labels(m.data)) do say { event = "message", peer = m.peer, reply = m.verb == "tx" or nil, label = e.text, size = e.size } end
	end
end

-- Our bootstrapping key, made once.
function D.bootstrap_key(store, subject, curve)
	if store:ask(subject, { topic = "key", name = "dpp.bootstrap" }) then return end
	local known = { ["p256"] = "p256", ["p384"] = "p384" }
	if curve and not known[curve] then U.usage("--curve is p256 or p384, not '%s'", curve) end
	local priv, why = imp.keygen(curve or "p256")
	if not priv then U.fail("%s", why) end
	store:learn(subject, { topic = "key", name = "dpp.bootstrap", data = imp.flat(priv), secret = true })
end

function D.uri(opt)
	local u = opt.uri
	if u and not u:find("^DPP:.*K:[%w+/=]+;.*;$") then U.usage("--uri is DPP:...;K:...;;, not '%s'", u) end
	return u
end

-- What a responder shows: said by a session that has no link.
function D.own_uri(loop, role, heard)
	local pool = loop:pool { name = "label", stack = "dpp", role = role, count = 1, max_msg = 4096, heard = heard }
	return pool:start {}
end

return D
