-- demo_fdo.lua -- FIDO Device Onboard, from the factory to the second owner
local imp = require "imprint"
local U = require "cmd.util"
local D = require "cmd.fdo"

local S = {}

S.title = "FIDO Device Onboard 1.1: four players, each a process, over HTTP on loopback"
S.columns = { "manufacturer", "device", "rendezvous", "owner" }

local policy = [[
-- the policy of this demo: who made it, and is it not registered for too long?
local maker = "%s"

return {
	authorize = function(q)
		if q.role == "maker" then return true end
		if q.claims.anchor ~= maker then return false, "not made by our manufacturer" end
		if q.role == "rendezvous" then return { server = 3600 } end
		return true
	end,
}
]]

local function key_hash(path)
	local _, pub = D.read_private(path)
	return U.hex(imp.hash("sha256", (imp.fdo.put_key(pub))))
end

function S.play(s)
	local function at(name) return s.dir .. "/" .. name end
	local any = "127.0.0.1:0"
	s:word("make", "key", at "maker.pem")
	s:word("make", "key", at "owner.pem", "--public", at "owner.pub.pem")
	U.write(at "policy.lua", policy:format(key_hash(at "maker.pem")))
	U.write(at "motd.txt", "Welcome home, device.\n")

	s:spawn("rendezvous", "serve", "fdo", "--role", "rv", "--listen", any, "--policy", at "policy.lua", "--store", at "rendezvous.db")
	local rv = s:wait("rendezvous", "ready")
	s:spawn("manufacturer", "serve", "fdo", "--role", "maker", "--listen", any, "--policy", at "policy.lua", "--store", at "maker.db",
		"--key", at "maker.pem", "--rv", rv.url, "--vouchers", at "vouchers")
	local maker = s:wait("manufacturer", "ready")

	s:note("in the factory: Device Initialize")
	s:spawn("device", "device", "fdo", "--store", at "device.db", "--di", maker.url, "--serial", "DEMO-0001", "--info", "demo lamp")
	local made = s:wait("manufacturer", "voucher")
	s:wait("device", "exit")

	s:note("the device is sold: its voucher is extended, signed by the manufacturer, to its owner")
	s:word("voucher", "extend", made.file, "--key", at "maker.pem", "--to", at "owner.pub.pem", "--out", at "voucher.pem")

	s:note("the owner registers at the rendezvous server (TO0)")
	s:spawn("owner", "serve", "fdo", "--role", "owner", "--listen", any, "--policy", at "policy.lua", "--store", at "owner.db",
		"--key", at "owner.pem", "--voucher", at "voucher.pem", "--download", "motd.txt=" .. at "motd.txt", "--command", "cat /proc/sys/kernel/ostype")
	s:wait("owner", "registered")

	s:note("the device is unpacked and switched on: where is my owner (TO1)?  then to it (TO2)")
	s:spawn("device", "device", "fdo", "--store", at "device.db", "--dir", at "device", "--allow-run")
	local e = s:wait("device", "done")
	if e.code ~= 0 then error("the device failed: " .. e.text .. " at " .. e.where, 0) end
	s:wait("device", "exit")
	local got = U.read(at "device/motd.txt")
	if got ~= "Welcome home, device.\n" then error("the download is not what was sent", 0) end
	s:note("the device has its file: " .. got:gsub("\n", ""), "green")
end

return S
