-- What package, service and user share: look at what is there by the host's own tools, compare, act, and look again.
-- A look is one command that only reads. Its script ends with 127 and one line on stderr if something is missing that
-- an earlier command may be there to make: a tool, a unit, a group. In check mode that counts as made then.

local kit, host = ...

local check_memory, check_fields, fail = kit.check_memory, kit.check_fields, kit.fail
local math_type, unpack = math.type, table.unpack
local find, gsub, match, sub = string.find, string.gsub, string.match, string.sub
local ipairs, next, rawget, setmetatable, type = ipairs, next, rawget, setmetatable, type

local MOST_NAMES <const> = 1000
local LONGEST_NAME <const> = 255

local system = {}

-- What check mode has predicted of each thing, by host, kind and name.
local predicted = {}

-- Fields of a call ----------------------------------------------------------------------------------

-- Returns the fields that have names, checked, and the names of things that are listed without one. A name may
-- stand alone.
function system.options(call, options, fields)
  if type(options) == "string" then return {}, { options } end
  if type(options) ~= "table" then fail(call .. ": needs a name or a table of fields, got " .. type(options)) end
  local named, listed = {}, {}
  for field, value in next, options do
    if math_type(field) == "integer" then listed[field] = value else named[field] = value end
  end
  check_fields(call, named, fields)
  return named, listed
end

-- Raises unless the name is one text that matches the pattern.
function system.check_name(call, noun, name, pattern)
  if type(name) ~= "string" then fail(call .. ": a name must be a string, got " .. type(name)) end
  if #name > LONGEST_NAME or not find(name, pattern) then fail(call .. ": '" .. name .. "' is no name of a " .. noun) end
  return name
end

-- Returns the names of a call, each once: those listed, or the field name, or the field names.
function system.names(call, noun, named, listed, pattern)
  local given = (next(listed) ~= nil and 1 or 0) + (named.name ~= nil and 1 or 0) + (named.names ~= nil and 1 or 0)
  if given ~= 1 then fail(call .. ": needs either a name or names") end
  local all = named.name ~= nil and { named.name } or named.names or listed
  local count, names, seen = 0, {}, {}
  for _ in next, all do count = count + 1 end
  if count == 0 then fail(call .. ": names must not be empty") end
  if count > MOST_NAMES then fail(call .. ": names must not be more than " .. MOST_NAMES) end
  for index = 1, count do
    local name = system.check_name(call, noun, rawget(all, index), pattern)
    if not seen[name] then names[#names + 1], seen[name] = name, true end
  end
  return names
end

-- Returns the one name of a call: listed, or the field name.
function system.name(call, noun, named, listed, pattern)
  local names = system.names(call, noun, named, listed, pattern)
  if #names > 1 then fail(call .. ": needs one name") end
  return names[1]
end

-- A word of a shell command. What needs no quotes is left without.
function system.quoted(text)
  if find(text, "^[%w_@%%+=:,./-]+$") then return text end
  return "'" .. gsub(text, "'", "'\\''") .. "'"
end

-- Commands ------------------------------------------------------------------------------------------

local function last_line(text) return match(sub(text, -1000), "([^\n]+)%s*$") end

-- Returns what a script prints that only reads; empty text in check mode if something is missing that may be made.
local function look(call, thing)
  check_memory()
  local ok, code, stdout, stderr = host.run("command", thing.script, "delegate_to", thing.target, "reads", true, "quiet", true)
  if not ok then fail(call .. ": " .. code) end
  if code ~= 0 then fail(call .. ": " .. (last_line(stderr) or "exit code " .. code)) end
  return stdout
end

local function act(call, thing, command)
  local environment = {}
  for name, value in next, thing.env or {} do
    local count = #environment
    environment[count + 1], environment[count + 2], environment[count + 3], environment[count + 4] =
      "name", name, "value", value
  end
  check_memory()
  local ok, code, _, stderr = host.run("command", command, "delegate_to", thing.target, unpack(environment))
  if not ok then fail(call .. ": " .. code) end
  if code ~= 0 then
    local why = last_line(stderr)
    fail(call .. ": '" .. command .. "' ended with exit code " .. code .. (why and ": " .. why or ""))
  end
end

-- Resources -----------------------------------------------------------------------------------------

-- Replaces what was found by what was predicted before.
local function recall(target, thing, found)
  for _, name in ipairs(thing.names) do
    local known = predicted[target .. "\0" .. thing.kind .. "\0" .. name]
    if known ~= nil then found[name] = known end
  end
end

-- Returns the names of what differs, and how, by name.
local function compare(thing, found)
  local names, what = {}, {}
  for _, name in ipairs(thing.names) do
    what[name] = thing.differ(name, found[name] or nil)
    if #what[name] > 0 then names[#names + 1] = name end
  end
  return names, what
end

-- Makes things so. Returns the names of those that differed, and how.
--   kind, names    as in the event "resource"
--   target         delegate_to of the call
--   script         looks
--   read(text)     returns what was found, by name: false for what is not there
--   differ(name, facts)  returns the words for what differs; facts is nil for what is not there
--   command(names, found)  returns what makes these so; env: its environment
--   after(name, facts)   returns the facts once it is so, false for what is not there then
--   unmet(name, what)    tells what is still not so after a command that succeeded
function system.apply(call, thing)
  local found = thing.read(look(call, thing))
  local known, target = host.host_name(thing.target)
  if not known then fail(call .. ": " .. target) end
  if kit.check then recall(target, thing, found) end
  local names, what = compare(thing, found)
  if #names > 0 then
    local command = thing.command(names, found)
    act(call, thing, command)
    if kit.check then
      for _, name in ipairs(names) do
        predicted[target .. "\0" .. thing.kind .. "\0" .. name] = thing.after(name, found[name] or nil)
      end
    else
      local left, unmet = compare(thing, thing.read(look(call, thing)))
      if #left > 0 then fail(call .. ": after '" .. command .. "' " .. thing.unmet(left[1], unmet[left[1]])) end
    end
  end
  for _, name in ipairs(thing.names) do
    local ok, why = host.report_resource(thing.target, thing.kind, name, unpack(what[name]))
    if not ok then fail(call .. ": " .. why) end
  end
  return names, what
end

function system.list(texts) return setmetatable(texts, kit.array_mark) end

return system
