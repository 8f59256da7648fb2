-- log: more levels.

local kit = ...

local joined, output = kit.joined, kit.output
local type = type

local log = {}

function log.success(...) output("log", "info: " .. joined(...)) end
function log.warning(...) output("log", "warn: " .. joined(...)) end
function log.print(...) output("print", joined(...)) end

-- A table on one line, as JSON.
function log.table(value, title)
  local text, wrong = value, nil
  if type(value) == "table" then text, wrong = kit.json_encode(value, "value") end
  if not text then kit.fail("log.table: " .. wrong) end
  output("log", "info: " .. (title and joined(title) .. ": " or "") .. joined(text))
end

function log.fatal(...) kit.fail(joined(...)) end

return log
