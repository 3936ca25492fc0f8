-- thread.lua -- what hosts need to know of Thread commissioning: PSKds, labels,
-- datasets; datagrams are named as LwM2M's are
local imp = require "imprint"
local U = require "cmd.util"

local T = {}

local ALPHABET = "0123456789ABCDEFGHJKLMNPRSTUVWXY"

-- A new PSKd of 8 characters: 40 bits.
function T.pskd()
	return (imp.random(8):gsub(".", function(c)
		local i = c:byte() % #ALPHABET + 1
		return ALPHABET:sub(i, i)
	end))
end

function T.check_pskd(text)
	if #text < 6 or #text > 32 or text:find("[^0-9A-HJ-NPR-Y]") then U.usage("a PSKd is 6 to 32 of 0-9 and A-Z without I, O, Q and Z, not '%s'", text) end
	return text
end

-- A symmetric key in its flat form.
function T.flat(bytes) return string.pack("=i4I4I8", 5, 0, 0) .. bytes end

function T.label(eui, pskd) return ("v=1&&eui=%s&&cc=%s"):format(U.hex(eui), pskd) end

local function tlv(kind, value) return string.char(kind, #value) .. value end

-- A new network: channel, PAN ID, extended PAN ID, name, key, mesh-local prefix, timestamp.
function T.dataset(name)
	if #name < 1 or #name > 16 then U.usage("--network is a name of 1 to 16 bytes, not '%s'", name) end
	return tlv(0, "\0\0\15") .. tlv(1, imp.random(2)) .. tlv(2, imp.random(8)) .. tlv(3, name) .. tlv(5, imp.random(16)) .. tlv(7, "\xfd" .. imp.random(7)) .. tlv(14, "\0\0\0\0\0\1\0\0")
end

return T
