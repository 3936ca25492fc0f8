-- session.lua -- sessions in a stock Lua: by name, by hand, two roles back to back
local T = require "t"
local imp = require "imprint"
local fdo = require "fdo"

T.check("the module says its revision", math.type(imp.rev) == "integer" and imp.rev >= 8, imp.rev)

-- wrong words say what there is
T.raises("a wrong layer: the nearest", "no layer is called 'fod'; nearest: fdo", imp.session, { stack = "fod/http" })
T.raises("... and all that there are", "http", imp.session, { stack = "fod/http" })
T.raises("a wrong role", "no role is called 'owned'; nearest: owner; there are: device, owner", imp.session, { stack = "fdo", role = "owned" })
T.raises("a transport on top", "does not fit", imp.session, { stack = "http" })
T.raises("a stack of a number", "not of a number", imp.session, { stack = { 7 } })
T.raises("no stack", "a name like 'fdo/http', or a table, not a nil", imp.session, {})
T.raises("too many layers", "at most 5 layers", imp.session, { stack = "/http/http/http/http/http/http" })
T.raises("too many links", "at most 4 links", imp.session, { stack = "/http,http,http,http,http" })
T.raises("an empty name", "no layer is called ''", imp.session, { stack = "fdo/" })

local s = imp.session { stack = "imp.fdo/imp.http" }
T.check("a stack by its full ids, too", s:need() > 1000, s:need())
T.raises("a wrong verb lists the verbs", "no verb is called 'strat'; there are: rx, up", s.feed, s, { verb = "strat" })
T.raises("a wrong topic", "no topic is called 'x'", s.feed, s, { verb = "answer", topic = "x" })
local out = s:feed({ verb = "start" }, 5, 6)
T.check("start: it asks for its credential", #out == 1 and out[1].verb == "ask" and out[1].topic == "voucher" and out[1].name == "fdo.credential")
T.check("a ticket comes with it", out[1].ticket ~= 0, out[1].ticket)
out = s:feed({ verb = "answer", ticket = out[1].ticket, code = imp.code.EFACT }, 6, 6)
T.check("without it the run ends: EFACT, and its name", out[#out].verb == "done" and out[#out].code == imp.code.EFACT and out[#out].name == "fdo.credential", s:status())
s:close()
s:close()
T.raises("a closed session", "is closed", s.feed, s, { verb = "tick" })

-- back to back
local d, o, guid = fdo.world()
local before = d.facts["voucher fdo.credential"]
local run = d:run()
T.check("FDO in memory: device and owner, both from Lua", run.done and run.done.code == 0, run.done and run.done.code .. " " .. select(2, run.s:status()))
T.check("the device knows its owner", d.facts["owner fdo.owner"] ~= nil)
T.check("... and has a new credential", d.facts["voucher fdo.credential"] ~= before and imp.decode(d.facts["voucher fdo.credential"])[1] == false)
T.check("the owner knows the device's new name", o.facts["owner " .. guid] ~= nil)
d, o = fdo.world()
o.authorize = function() return false end
run = d:run()
T.check("a policy that says no: the device fails, and has learnt nothing", run.done and run.done.code < 0 and not d.facts["owner fdo.owner"], run.done and run.done.code)

-- a stack over bytes: HTTP on the device's side
d = fdo.world "fdo/http"
local said = {}
function d:heard(r, m)
	if m.verb == "tx" then said[#said + 1] = m.data return nil end
	return getmetatable(d).heard(self, r, m)
end
d:feed(d:open(), { verb = "start" })
T.check("fdo/http writes HTTP", said[1] and said[1]:find("^POST /fdo/101/msg/60 HTTP/1.1\r\n") ~= nil, said[1] and said[1]:match("^[^\r]*"))

-- many, and their memory comes back
local most = 0
for _ = 1, 3000 do
	imp.session { stack = "fdo/http", max_msg = 2048 }
	most = math.max(most, collectgarbage("count"))
end
T.check("3,000 sessions that nobody keeps: the collector knows their size", most > 30 and most < 50000, most // 1 .. " kB at most")
T.done()
