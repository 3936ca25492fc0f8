-- Admit the devices of this list, by GUID, and no other.
local allowed = {
	-- "00112233445566778899aabbccddeeff",
}

return {
	authorize = function(q)
		for _, guid in ipairs(allowed) do
			if q.name == guid then return true end
		end
		return false, q.name .. " is not on the list"
	end,
}
