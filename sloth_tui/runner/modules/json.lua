-- JSON for Lua: json.encode, json.decode, json.null, json.array; and, for the other modules, the same two
-- without error positions. Written in Lua because growth inside Lua is what the memory limit can stop.
--
-- A table is an array if its keys are 1..n, an object if all of them are text. An empty one is `{}`, unless
-- json.array marked it or it was decoded from `[]`. Integers stay integers, floats floats. What json.decode is
-- given comes from others: integers beyond 64 bits, text that is not UTF-8 and keys that occur twice are refused.
-- What the program itself wrote is read without these looks.

local kit, host = ...

local check_memory = kit.check_memory

local byte, char, find, format = string.byte, string.char, string.find, string.format
local gmatch, gsub, match, sub = string.gmatch, string.gsub, string.match, string.sub
local concat, sort = table.concat, table.sort
local abs, floor, math_type, huge = math.abs, math.floor, math.type, math.huge
local utf8_char, utf8_len = utf8.char, utf8.len
local raw_metatable, setmetatable = kit.raw_metatable, setmetatable
local error, next, pcall, rawequal, rawget, tonumber, tostring, type = error, next, pcall, rawequal, rawget, tonumber, tostring, type

local DEEPEST <const> = 200
local LONGEST_PLACE <const> = 200

local array_mark = { __metatable = false }
local null = setmetatable({}, {
  __tostring = function() return "null" end,
  __newindex = function() kit.fail("json.null cannot be changed") end,
  __metatable = false,
})

-- What is wrong is raised as a table of ours, so that it cannot be mistaken for anything else.
local function refuse(message, place, first)
  error({ json_error = message, place = place, first = first }, 0)
end

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
for code = 0, 31 do
  ESCAPES[char(code)] = ESCAPES[char(code)] or format("\\u%04x", code)
end

local function quote(text, place)
  if not utf8_len(text) then refuse("is text that is not UTF-8, which JSON cannot hold", place) end
  return '"' .. gsub(text, '[%c"\\]', ESCAPES) .. '"'
end

local SMALLEST_NORMAL <const> = 0x1p-1022

local function number_text(number, place)
  if math_type(number) == "integer" then return format("%d", number) end
  if number ~= number or number == huge or number == -huge then
    refuse("is a number that is not finite, which JSON cannot hold", place)
  end
  -- The shortest digits that read back. Where fifteen are enough Lua finds them; which of several longer ones
  -- Python takes, only Python knows.
  if abs(number) < 1e16 and floor(number) == number then return format("%.1f", number) end
  local text = format("%.15g", number)
  if abs(number) >= SMALLEST_NORMAL and tonumber(text) == number then return text end
  check_memory()
  local _, shortest = host.float_text(number)
  return shortest
end

-- Whether the table is an array, and for objects its keys in order: that in which they were read from a file,
-- if they were, else by name.
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
      if rawget(t, 1) == nil then refuse("has numbered fields that do not begin with 1, so it is no list", place) end
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

-- Decoding ----------------------------------------------------------------------------------------

local TRUSTED <const>, STRICT <const> = {}, { strict = true }
local UNESCAPES = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function skip(text, at)
  return find(text, "[^ \t\r\n]", at) or #text + 1
end

local function unicode_escape(text, at)
  local digits = match(text, "^%x%x%x%x", at)
  if not digits then refuse("\\u without four hex digits", at) end
  return tonumber(digits, 16), at + 4
end

local function read_escape(text, at)
  local letter = sub(text, at, at)
  if letter ~= "u" then
    local meant = UNESCAPES[letter]
    if not meant then refuse("an unknown escape", at) end
    return meant, at + 1
  end
  local code, after = unicode_escape(text, at + 1)
  if code >= 0xD800 and code < 0xDC00 and sub(text, after, after + 1) == "\\u" then
    local low, last = unicode_escape(text, after + 2)
    if low >= 0xDC00 and low < 0xE000 then
      return utf8_char(0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00)), last
    end
  end
  if code >= 0xD800 and code < 0xE000 then refuse("half of a character (a lone surrogate); it needs its other half", at) end
  return utf8_char(code), after
end

local function read_string(text, at)
  local stop = find(text, '["\\%c]', at)
  if stop and byte(text, stop) == 34 then return sub(text, at, stop - 1), stop + 1 end
  local parts = {}
  while true do
    stop = find(text, '["\\%c]', at)
    while stop and byte(text, stop) == 127 do stop = find(text, '["\\%c]', stop + 1) end
    if not stop then refuse("a text without its closing quote", at) end
    parts[#parts + 1] = sub(text, at, stop - 1)
    local letter = byte(text, stop)
    if letter == 34 then return concat(parts), stop + 1 end
    if letter ~= 92 then refuse("a control character inside a text", stop) end
    parts[#parts + 1], at = read_escape(text, stop + 1)
  end
end

local function read_number(text, at, options)
  local digits = match(text, "^-?%d+", at)
  if not digits or find(digits, "^-?0%d") then refuse("no value", at) end
  local after = at + #digits
  local fraction = match(text, "^%.%d+", after) or ""
  after = after + #fraction
  local exponent = match(text, "^[eE][+-]?%d+", after) or ""
  local number = tonumber(digits .. fraction .. exponent)
  if fraction ~= "" or exponent ~= "" then number = number * 1.0 -- a sum would lose the sign of -0.0
  elseif math_type(number) ~= "integer" then refuse("an integer beyond 64 bits; write it as text, in quotes", at) end
  if number == huge or number == -huge then refuse("a number that is not finite; write it as text, in quotes", at) end
  return number, after + #exponent
end

local read -- of any value; see below

local function read_array(text, at, depth, options)
  local list, count = setmetatable({}, array_mark), 0
  at = skip(text, at)
  if byte(text, at) == 93 then return list, at + 1 end
  while true do
    count = count + 1
    list[count], at = read(text, at, depth, options)
    at = skip(text, at)
    local letter = byte(text, at)
    if letter == 93 then return list, at + 1 end
    if letter ~= 44 then refuse("a list without ',' or ']'", at) end
    at = at + 1
  end
end

-- Where the object whose first name begins at or after `at` has this name first.
local function place_of(text, at, wanted, depth)
  while true do
    at = skip(text, at)
    local name, after = read_string(text, at + 1)
    if name == wanted then return at end
    local _, last = read(text, skip(text, after) + 1, depth, TRUSTED)
    at = skip(text, last) + 1
  end
end

local function read_object(text, at, depth, options)
  local object, from, order = {}, at, nil
  if options.ordered then
    order = {}
    kit.keep_order(object, order)
  end
  at = skip(text, at)
  if byte(text, at) == 125 then return object, at + 1 end
  while true do
    at = skip(text, at)
    if byte(text, at) ~= 34 then refuse("an object whose name is no text", at) end
    local name, value
    local name_at = at
    name, at = read_string(text, at + 1)
    if options.strict and object[name] ~= nil then
      local shown = #name > LONGEST_PLACE and sub(name, 1, LONGEST_PLACE) .. "…" or name
      refuse("key '" .. shown .. "' occurs twice", name_at, place_of(text, from, name, depth))
    end
    if order then order[#order + 1] = name end
    at = skip(text, at)
    if byte(text, at) ~= 58 then refuse("a name without ':'", at) end
    value, at = read(text, at + 1, depth, options)
    object[name] = value
    at = skip(text, at)
    local letter = byte(text, at)
    if letter == 125 then return object, at + 1 end
    if letter ~= 44 then refuse("an object without ',' or '}'", at) end
    at = at + 1
  end
end

local WORDS = { t = { "true", true }, f = { "false", false }, n = { "null", null } }

function read(text, at, depth, options)
  at = skip(text, at)
  local letter = sub(text, at, at)
  if letter == '"' then return read_string(text, at + 1) end
  if letter == "{" or letter == "[" then
    if depth >= DEEPEST then refuse("nested more than " .. DEEPEST .. " deep", at) end
    return (letter == "{" and read_object or read_array)(text, at + 1, depth + 1, options)
  end
  local word = WORDS[letter]
  if word and sub(text, at, at + #word[1] - 1) == word[1] then return word[2], at + #word[1] end
  return read_number(text, at, options)
end

local function read_all(text, options)
  if options.strict then
    local _, wrong = utf8_len(text)
    if wrong then refuse("a byte that is not UTF-8", wrong) end
    if sub(text, 1, 3) == "\u{FEFF}" then
      refuse("a byte order mark (U+FEFF), which is no JSON; leave it out", 1)
    end
  end
  local value, at = read(text, 1, 0, options)
  at = skip(text, at)
  if at <= #text then refuse("more after the value", at) end
  return value
end

-- As people count: lines and characters, both from 1.
local function shown_place(text, at)
  local line, start = 1, 1
  for after in gmatch(text, "\n()") do
    if after > at then break end
    line, start = line + 1, after
  end
  return "line " .. line .. ", column " .. (utf8_len(text, start, at - 1, true) or at - start) + 1
end

-- True and the value, or false and what is wrong with the text, where. `options`: strict, see above; ordered: the
-- tables keep the order of their keys.
local function decode(text, options)
  local ok, value = pcall(read_all, text, options or TRUSTED)
  if ok then return true, value end
  if type(value) ~= "table" or not value.json_error then error(value, 0) end
  local first = value.first and ", first at " .. shown_place(text, value.first) or ""
  return false, shown_place(text, value.place) .. ": " .. value.json_error .. first
end

kit.json_encode, kit.json_decode = encode, decode

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

-- Marks a list as one, which shows where it is empty.
function json.array(list)
  if list == nil then list = {} end
  if type(list) ~= "table" then kit.fail("json.array: list must be a table, got " .. type(list)) end
  if raw_metatable(list) ~= nil then return list end
  return setmetatable(list, array_mark)
end

return json
