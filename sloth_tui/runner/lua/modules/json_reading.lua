-- Reading JSON: kit.json_decode. What json.decode is given comes from others, and is read strictly: integers beyond
-- 64 bits, text that is not UTF-8 and keys that occur twice are refused. What the program itself wrote is read
-- without these looks, except for the integers.

local kit = ...

local byte, find, gmatch, match, sub =
  string.byte, string.find, string.gmatch, string.match, string.sub
local concat = table.concat
local math_type, huge = math.type, math.huge
local utf8_char, utf8_len = utf8.char, utf8.len
local setmetatable = setmetatable
local error, pcall, tonumber, type = error, pcall, tonumber, type

local DEEPEST <const> = 200
local LONGEST_PLACE <const> = 200

local array_mark = { __metatable = false }
local null = setmetatable({}, {
  __tostring = function() return "null" end,
  __newindex = function() kit.fail("json.null cannot be changed") end,
  __metatable = false,
})

-- Errors in the text are raised as a table of our own, so that they differ from all other errors.
local function refuse(message, place, first)
  error({ json_error = message, place = place, first = first }, 0)
end

local TRUSTED <const> = {}
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
  if not digits or find(digits, "^-?0%d") then refuse("expecting value", at) end
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
    if byte(text, at) ~= 34 then refuse("an object whose name is not text", at) end
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
      refuse("a byte order mark (U+FEFF), which is not JSON; leave it out", 1)
    end
  end
  local value, at = read(text, 1, 0, options)
  at = skip(text, at)
  if at <= #text then refuse("more after the value", at) end
  return value
end

-- Returns line and column of a place, both from 1; columns count characters.
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

kit.array_mark, kit.null, kit.json_refuse, kit.json_decode = array_mark, null, refuse, decode
