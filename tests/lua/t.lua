-- t.lua -- TAP
local T = { n = 0, bad = 0 }

function T.check(claim, holds, detail)
	T.n = T.n + 1
	if not holds then T.bad = T.bad + 1 end
	print(("%s %d - %s%s"):format(holds and "ok" or "not ok", T.n, claim, detail ~= nil and ": " .. tostring(detail) or ""))
	return holds
end

-- f raises an error with this text in it
function T.raises(claim, text, f, ...)
	local ok, why = pcall(f, ...)
	T.check(claim, not ok and tostring(why):find(text, 1, true) ~= nil, why)
end

-- lives: the Lua state stays as it is, there is something in it that has no end
function T.done(lives)
	print("1.." .. T.n)
	os.exit(T.bad == 0, not lives)
end

return T
