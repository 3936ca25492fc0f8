-- device.lua -- be a device: a file device_NAME.lua for each protocol
local U = require "cmd.util"
return U.dispatch("device", "be a device")
