-- JSON for Lua: json.encode, json.decode, json.null, json.array; and, for the other modules, the same two
-- without error positions. Written in Lua because growth inside Lua is what the memory limit can stop.
--
-- A table is an array if its keys are 1..n, an object if all of them are text. An empty one is `{}`, unless
-- json.array marked it or it was decoded from `[]`. Integers stay integers, floats floats.

local kit, host = ...

local check_memory = kit.check_memory

local char, format, gsub, sub = string.char, string.format, string.gsub, string.sub
local concat = table.concat
local abs, floor, math_type, huge = math.abs, math.floor, math.type, math.huge
local utf8_len = utf8.len
local raw_metatable, setmetatable = kit.raw_metatable, setmetatable
local error, next, pcall, rawequal, rawget, tonumber, tostring, type = error, next, pcall, rawequal, rawget, tonumber, tostring, type

local DEEPEST <const> = 200
local LONGEST_PLACE <const> = 200

local array_mark, decode, null, refuse = kit.array_mark, kit.json_decode, kit.null, kit.json_refuse
local STRICT <const> = { strict = true }

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
for code = 0, 31 do
  ESCAPES[char(code)] = ESCAPES[char(code)] or format("\\u%04x", code)
end

local function quote(text, place)
  if not utf8_len(text) then refuse("is text that is not UTF-8, which JSON cannot hold", place) end
  return '"' .. gsub(text, '[%c"\\]', ESCAPES) .. '"'
end

local HALF_STEP <const> = 0x1p-53
local SMALLEST <const> = 0x1p-1022 / HALF_STEP

local function number_text(number, place)
  if math_type(number) == "integer" then return format("%d", number) end
  if number ~= number or number == huge or number == -huge then
    refuse("is a number that is not finite, which JSON cannot hold", place)
  end
  -- The shortest digits that are read back as the same number, as Python writes them: one text has 15 digits or fewer,
  -- else the closest of 16, else the closest of 17. Only a power of two is closer to the number below it than to the one
  -- above, so that a text that is not the closest may be shorter.
  local size = abs(number)
  if size < 1e16 and floor(number) == number then return format("%.1f", number) end
  local text = format("%.16g", number)
  if size >= SMALLEST then
    local is_read_back = tonumber(text) == number
    if is_read_back and #text < 16 then return text end
    local is_power = number + number * HALF_STEP == number
    if is_read_back and not is_power then
      local shorter = format("%.15g", number)
      return tonumber(shorter) == number and shorter or text
    end
    -- From 1e17 on this has an exponent, in Python's text from 1e16 on.
    if not is_power and (size < 1e16 or size >= 1e17) then return format("%.17g", number) end
  end
  check_memory()
  local _, shortest = host.float_text(number)
  return shortest
end

-- Returns whether the table is an array, and for objects its keys: in the order of the file they were read from,
-- else by name.
local function shape(t, place)
  local count, names = 0, {}
  for key in next, t do
    count = count + 1
    if type(key) == "string" then names[#names + 1] = key
    elseif math_type(key) ~= "integer" then
      refuse("has a key that is a " .. (math_type(key) or type(key)) .. "; keys of JSON are text", place)
    end
  end
  if count == 0 then return rawequal(raw_metatable(t), array_mark), names end
  if #names == count then
    return false, kit.in_file_order(t, names)
  end
  if #names > 0 then refuse("has both named and numbered fields; JSON has lists or objects", place) end
  for index = 1, count do
    if rawget(t, index) == nil then
      if rawget(t, 1) == nil then refuse("has numbered fields that do not begin with 1, so it is not a list", place) end
      refuse("is a list with a hole: field " .. index .. " is nil", place)
    end
  end
  return true, names, count
end

local write

local function write_table(t, parts, open, depth, place)
  if depth > DEEPEST then refuse("is nested more than " .. DEEPEST .. " deep", "") end
  if open[t] then refuse("contains itself", place) end
  open[t] = true
  local is_array, names, count = shape(t, place)
  parts[#parts + 1] = is_array and "[" or "{"
  if is_array then
    for index = 1, count or 0 do
      if index > 1 then parts[#parts + 1] = "," end
      write(rawget(t, index), parts, open, depth, place .. "[" .. index .. "]")
    end
  else
    for index = 1, #names do
      local name = names[index]
      if index > 1 then parts[#parts + 1] = "," end
      parts[#parts + 1] = quote(name, place) .. ":"
      write(rawget(t, name), parts, open, depth, place .. "." .. name)
    end
  end
  parts[#parts + 1] = is_array and "]" or "}"
  open[t] = nil
end

function write(value, parts, open, depth, place)
  local kind = type(value)
  if kind == "string" then parts[#parts + 1] = quote(value, place)
  elseif kind == "number" then parts[#parts + 1] = number_text(value, place)
  elseif kind == "boolean" then parts[#parts + 1] = tostring(value)
  elseif rawequal(value, null) then parts[#parts + 1] = "null"
  elseif kind == "table" then write_table(value, parts, open, depth + 1, place)
  else refuse("is " .. (kind == "nil" and "nil" or "a " .. kind) .. ", which JSON cannot hold", place) end
end

-- Text of the value that is called `name`, or nil and what is wrong with it: "value.a.b[3] is a function, ...".
local function encode(value, name)
  local parts = {}
  local ok, raised = pcall(write, value, parts, {}, 0, "")
  if ok then return concat(parts) end
  if type(raised) ~= "table" or not raised.json_error then error(raised, 0) end
  local place = raised.place
  if #place > LONGEST_PLACE then place = sub(place, 1, LONGEST_PLACE) .. "…" end
  return nil, name .. place .. " " .. raised.json_error
end

kit.json_encode = encode

local json = { null = null }

function json.encode(value)
  local text, wrong = encode(value, "value")
  if not text then kit.fail("json.encode: " .. wrong) end
  return text
end

function json.decode(text)
  if type(text) ~= "string" then kit.fail("json.decode: text must be a string, got " .. type(text)) end
  local ok, value = decode(text, STRICT)
  if not ok then kit.fail("json.decode: " .. value) end
  return value
end

-- Marks a table as a list, so that an empty one becomes [].
function json.array(list)
  if list == nil then list = {} end
  if type(list) ~= "table" then kit.fail("json.array: list must be a table, got " .. type(list)) end
  if raw_metatable(list) ~= nil then return list end
  return setmetatable(list, array_mark)
end

return json
