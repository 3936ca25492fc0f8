-- ladder.lua -- messages between players, each a column, as arrows
local U = require "cmd.util"

local L = {}
L.__index = L

local FIRST = 4
local pretty = (os.getenv("LC_ALL") or os.getenv("LC_CTYPE") or os.getenv("LANG") or "C.UTF-8"):upper():find("UTF%-?8") ~= nil
local bar, dash, left, right = "|", "-", "<", ">"
if pretty then bar, dash, left, right = "│", "─", "◀", "▶" end

-- columns: the players from left to right; out(line) prints
function L.new(columns, out)
	local l = setmetatable({ columns = columns, gap = #columns < 3 and 50 or 25, index = {}, out = out }, L)
	for i, c in ipairs(columns) do l.index[c] = i end
	return l
end

function L:column(player) return FIRST + (self.index[player] - 1) * self.gap end

function L:bars()
	local row = {}
	for i = 1, FIRST + (#self.columns - 1) * self.gap do row[i] = " " end
	for _, c in ipairs(self.columns) do row[self:column(c)] = U.paint("dim", bar) end
	return row
end

function L:heads()
	local row, at = {}, 1
	for _, c in ipairs(self.columns) do
		local start = math.max(at, math.min(self:column(c), 78) - #c // 2)
		row[#row + 1] = (" "):rep(start - at) .. U.paint("bold", c)
		at = start + #c
	end
	self.out(table.concat(row))
end

function L:arrow(from, to, text, bad)
	local row, a, b = self:bars(), self:column(from), self:column(to)
	local low, high = math.min(a, b) + 1, math.max(a, b) - 1
	for i = low, high do row[i] = dash end
	row[a < b and high or low] = a < b and right or left
	text = " " .. text .. " "
	if #text > high - low - 1 then text = text:sub(1, high - low - 2) .. " " end
	local start = low + (high - low + 1 - #text) // 2
	for i = 1, #text do row[start + i - 1] = text:sub(i, i) end
	row[start] = " "
	if bad then
		row[low] = "\27[31m" .. row[low]
		row[high] = row[high] .. "\27[0m"
	end
	self.out(table.concat(row))
end

return L
