-- Admit every device whose manufacturer's key we know, whoever it is; in DI
-- (our own factory) every device.
local makers = { -- SHA-256 of the manufacturer's public key: imprint voucher show
	-- "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
}

return {
	authorize = function(q)
		if q.role == "maker" then return true end
		for _, key in ipairs(makers) do
			if q.claims.anchor == key then return true end
		end
		return false, "made by a manufacturer we do not know: " .. tostring(q.claims.anchor)
	end,
}
