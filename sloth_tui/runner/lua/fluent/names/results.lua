-- What functions of the Go program's modules return: what was done, or false and why.

local kit = ...

local gsub = string.gsub
local pack, pcall, setmetatable, tostring, type, unpack = table.pack, pcall, setmetatable, tostring, type, table.unpack

local results = {}

-- A result that is true, has fields, and is text where text is wanted: files take (true, message), (true, result) or
-- the result itself.
local as_text = {
  __metatable = false,
  __tostring = function(result) return result.message end,
  __concat = function(a, b) return kit.text_of(a) .. kit.text_of(b) end,
}

local function without_position(message)
  return type(message) == "string" and gsub(message, "^[^:\n]+:%d+: ", "") or tostring(message)
end

-- Calls fn, which returns a table with changed. Returns that twice, or false and why.
function results.of(message, fn, ...)
  local called = pack(pcall(fn, ...))
  if not called[1] then return false, (without_position(called[2])) end
  local result = called[2]
  result.success = true
  result.message = result.message or message .. (result.changed and "" or " (unchanged)")
  setmetatable(result, as_text)
  return result, result
end

-- Calls fn. Returns what it returns, or nil and why.
function results.value(fn, ...)
  local called = pack(pcall(fn, ...))
  if not called[1] then return nil, (without_position(called[2])) end
  return unpack(called, 2, called.n)
end

-- A module whose other names say that they are not here.
function results.module(name, functions, instead)
  return setmetatable(functions, {
    __metatable = false,
    __index = function(_, missing)
      if type(missing) ~= "string" then return nil end
      return function()
        kit.fail(name .. "." .. missing .. " is not in this program; " .. (instead[missing] or instead[1]))
      end
    end,
  })
end

return results
