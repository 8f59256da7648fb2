-- Durations as the Go program writes them: "90s", "1h30m", "500ms"; and numbers, which are seconds.

local kit = ...

local fail = kit.fail
local find, match, sub = string.find, string.match, string.sub
local huge = math.huge
local tonumber, type = tonumber, type

local UNITS <const> = { ns = 1e-9, us = 1e-6, ["µs"] = 1e-6, ms = 1e-3, s = 1, m = 60, h = 3600 }

local function parsed(text)
  local position, seconds = 1, 0
  while position <= #text do
    local number, unit = match(text, "^(%d*%.?%d*)([^%d.]+)", position)
    if not number or not find(number, "%d") or not UNITS[unit] then return nil end
    seconds = seconds + tonumber(number) * UNITS[unit]
    position = position + #number + #unit
  end
  return position > 1 and seconds or nil
end

-- Returns seconds, more than 0. what: whose they are, for messages.
local function seconds(what, value)
  local found
  if type(value) == "number" then found = value
  elseif type(value) == "string" then
    found = parsed(value)
    if not found then
      fail(what .. ": '" .. sub(value, 1, 40) .. "' is no duration; write one like \"90s\", \"5m\" or \"1h30m\", or seconds")
    end
  else fail(what .. ": needs a duration like \"5m\", or seconds, got " .. type(value)) end
  if not (found > 0 and found < huge) then fail(what .. ": must be more than 0 seconds") end
  return found
end

return seconds
