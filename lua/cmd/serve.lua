-- serve.lua -- be whoever onboards devices: a file serve_NAME.lua for each
local U = require "cmd.util"
return U.dispatch("serve", "be an owner, provisioner, configurator or another server")
