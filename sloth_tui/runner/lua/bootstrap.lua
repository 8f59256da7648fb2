-- Builds the environment of task code. Arguments: functions of the host by name, memory limit in KiB, and what
-- steps.lua returns. Returns kit, which the modules are given, and for the host load_file, run and collectgarbage.
-- Rules: nothing of Python is reachable from the environment, no metatable of ours can be fetched, and everything
-- that is used here is held in locals, so that task code may redefine any global.

local host, limit_kib, limited, create, wrap = ...

local collectgarbage, error, getmetatable, load, next, pcall, rawequal, rawget, select, setmetatable, tostring, type, xpcall =
  collectgarbage, error, getmetatable, load, next, pcall, rawequal, rawget, select, setmetatable, tostring, type, xpcall
local getinfo, raw_metatable, traceback = debug.getinfo, debug.getmetatable, debug.traceback
local concat, pack, sort, unpack = table.concat, table.pack, table.sort, table.unpack
local find, format, gmatch, gsub, sub = string.find, string.format, string.gmatch, string.gsub, string.sub

local OURS <const> = "=[sloth]"
local LONGEST_LIST <const> = 100000
local LONGEST_MESSAGE <const> = 8192
local LONGEST_TRACE_LINE <const> = 256

-- The metatables that task code could otherwise get at and change for all of us.
raw_metatable("").__metatable = false
raw_metatable(host.any).__metatable = false

local env = {}

-- Errors ------------------------------------------------------------------------------------------

-- What stands for the line of task code where none is running: file and line. Set by code of ours that runs what a
-- task asks for without a function of its own.
local standing = {}

-- File and line of the innermost line of task code that is running, else of what stands for it; else "" and 0.
local function caller()
  local level = 2
  while true do
    local info = getinfo(level, "Sl")
    if not info then return standing.file or "", standing.line or 0 end
    if info.currentline > 0 and info.source ~= OURS then return info.short_src, info.currentline end
    level = level + 1
  end
end

local function position()
  local file, line = caller()
  return line > 0 and format("%s:%d: ", file, line) or ""
end

local function fail(message) error(position() .. message, 0) end

local function has_position(message)
  return find(message, "^[^:\n]+:%d+: ") ~= nil
end

-- Calls a function of Lua's own; its errors about arguments name the task's line.
local function checked(name, native, ...)
  local results = pack(pcall(native, ...))
  if results[1] then return unpack(results, 2, results.n) end
  local complaint = results[2]
  if type(complaint) ~= "string" then error(complaint, 0) end
  fail((gsub(complaint, "^(bad argument #%d+ to )'%?'", "%1'" .. name .. "'")))
end

-- Like Lua's tostring, but its error about a metamethod names the task's line.
local function text_of(value)
  if type(value) == "string" then return value end
  local ok, text = pcall(tostring, value)
  if ok then return text end
  if text == "'__tostring' must return a string" then fail(text) end
  error(text, 0)
end

local function shortened(text)
  return #text <= LONGEST_MESSAGE and text or sub(text, 1, LONGEST_MESSAGE) .. "…"
end

-- What a person reads of an error value. A metamethod of the task may run for it, as anywhere in the task.
local function describe(value)
  local kind = type(value)
  if kind == "string" then
    return shortened(value)
  elseif kind == "number" or kind == "boolean" then
    return tostring(value)
  elseif kind == "table" then
    local metatable = raw_metatable(value)
    if metatable and rawget(metatable, "__tostring") ~= nil then
      local ok, text = limited(tostring, value)
      if ok then return shortened(text) end
      return "error object whose __tostring fails" .. (type(text) == "string" and ": " .. shortened(text) or "")
    end
    local message = rawget(value, "message")
    if type(message) == "string" then return shortened(message) end
    return "error object is a table without a text 'message'"
  elseif kind == "nil" then
    return "error without a message"
  end
  return "error object is a " .. kind
end

-- The traceback without our own lines.
local function user_trace(level)
  local kept = {}
  for line in gmatch(traceback(nil, level), "[^\n]+") do
    if not find(line, "[sloth]", 1, true) and not find(line, "^%s*%[C%]: in %?")
      and not find(line, "in function 'xpcall'", 1, true) then
      kept[#kept + 1] = #line <= LONGEST_TRACE_LINE and line or sub(line, 1, LONGEST_TRACE_LINE) .. "…"
    end
  end
  return concat(kept, "\n")
end

-- The current error, so that one that is raised again further out keeps its first traceback.
local travelling = { n = 0 }

-- lending: the metatables by which tables of task code get names of ours only when they are asked for.
local kit = { standing = standing, lending = {} }

local function note_error(value)
  if travelling.n == 0 or not rawequal(travelling.value, value) then
    local message = kit.advised(describe(value))
    if not has_position(message) then message = position() .. message end
    travelling = { n = 1, value = value, message = message, trace = user_trace(3) }
  end
  return value
end

-- Raises unless options is a table of fields that are known, each of its type: "string", or "string or table".
local function check_fields(call, options, fields)
  if type(options) ~= "table" then fail(call .. ": needs a table of fields, got " .. type(options)) end
  for field, value in next, options do
    local wanted = fields[field]
    if not wanted then
      local known = {}
      for name in next, fields do known[#known + 1] = name end
      sort(known)
      fail(call .. ": unknown field '" .. text_of(field) .. "'; there are: " .. concat(known, ", "))
    end
    if not find(wanted, type(value), 1, true) then
      local hint = field == "delegate_to" and type(value) == "table" and "; only a task's delegate_to may be a list" or ""
      fail(call .. ": " .. field .. " must be a " .. wanted .. ", got " .. type(value) .. hint)
    end
  end
end

-- Returns a copy of a list of strings; raises if it is anything else. noun says what they are, in the plural.
local function list_of_texts(name, list, noun)
  local texts, fields = {}, 0
  for _ in next, list do fields = fields + 1 end
  if fields > LONGEST_LIST then fail(name .. " must not have more than " .. LONGEST_LIST .. " " .. noun) end
  for index = 1, fields do
    local text = rawget(list, index)
    if type(text) ~= "string" then fail(name .. " must be a list of " .. noun .. "; field " .. index .. " is a " .. type(text)) end
    texts[index] = text
  end
  return texts
end

-- Memory ------------------------------------------------------------------------------------------

-- A host function that returns a string when memory is out takes the process down, so it is not called
-- then. The limit lies below the allocator's own, which stops what runs in Lua alone.
local function relieve()
  collectgarbage("collect")
  if collectgarbage("count") > limit_kib then fail("not enough memory") end
end

local function check_memory()
  if collectgarbage("count") > limit_kib then relieve() end
end

-- The environment ---------------------------------------------------------------------------------

local function copy(from, names)
  local to = {}
  for name in gmatch(names, "%S+") do to[name] = from[name] end
  return to
end

for name, value in next, copy(_G, [[
  assert error ipairs next pairs pcall rawequal rawget rawlen rawset select tonumber tostring type
  xpcall _VERSION ]]) do
  env[name] = value
end
env._G = env
env.string = copy(string, [[ byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack
  upper ]])
env.table = copy(table, "concat insert move pack remove sort unpack")
env.math = copy(math, [[ abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min mininteger modf pi
  rad random randomseed sin sqrt tan tointeger type ult ]])
env.utf8 = copy(utf8, "char charpattern codepoint codes len offset")
env.coroutine = copy(coroutine, "close create isyieldable resume running status wrap yield")
for name, make in next, { create = create, wrap = wrap } do
  local native = coroutine[name]
  env.coroutine[name] = function(...)
    if type(...) == "function" then return make(...) end
    return checked(name, native, ...)
  end
end
env.os = copy(os, "clock date difftime getenv time")
raw_metatable("").__index = env.string

function env.setmetatable(...)
  local t, metatable = ...
  if type(metatable) == "table" then
    -- A finalizer runs at any moment, between any two lines of other code.
    if rawget(metatable, "__gc") ~= nil then fail("setmetatable: __gc is not available to task files") end
    local found = raw_metatable(t)
    if type(t) == "table" and (found == nil or kit.lending[found]) then return setmetatable(t, metatable) end
  end
  return checked("setmetatable", setmetatable, ...)
end

function env.getmetatable(...)
  local t = ...
  local found = type(t) == "table" and raw_metatable(t)
  if found and kit.lending[found] then return nil end
  return checked("getmetatable", getmetatable, ...)
end

function env.load(...)
  local chunk, name, mode, scope = ...
  if select("#", ...) == 0 then return checked("load", load) end
  if select("#", ...) < 4 then scope = env end
  -- Bytecode can take the process down: the mode says "t" or, where the task allows no text either, nothing.
  local allowed = mode
  if mode == nil then allowed = "t"
  elseif type(mode) == "string" or type(mode) == "number" then allowed = find(mode, "t", 1, true) and "t" or "" end
  local loaded, message = checked("load", load, chunk, name, allowed, scope)
  if loaded then return loaded end
  if allowed == "" and type(message) == "string" then
    message = gsub(message, "^attempt to load a text chunk %(mode is ''%)$", "attempt to load a text chunk (mode is '"
      .. gsub(mode, "%%", "%%%%") .. "')")
    message = gsub(message, "^(attempt to load a binary chunk) %(mode is ''%)$", "%1 (mode is 't')")
  end
  if message == "reader function must return a string" then message = position() .. message end
  return nil, message
end

-- For the host ------------------------------------------------------------------------------------

-- Runs fn. Returns "returned", then type and description of its first result and of its second, or
-- "raised", message, traceback. Never raises.
local function run(fn)
  travelling = { n = 0 }
  standing.file, standing.line, kit.defaults = nil, nil, nil
  local results = pack(xpcall(fn, note_error))
  local file, line = kit.defined_at(fn)
  if not file then file, line = standing.file, standing.line end
  local defined = file and format("%s:%d: ", file, line) or ""
  if results[1] then
    local first, second = results[2], results[3]
    return "returned", first == true and "true" or first == false and "false" or type(first), type(second),
      describe(second), defined
  end
  -- An error handler that itself fails (out of memory, out of stack) leaves nothing travelling.
  if travelling.n == 0 or not rawequal(travelling.value, results[2]) then
    return "raised", defined .. describe(results[2]), ""
  end
  -- After a tail call to one of our functions no line of the task is left to be found.
  local message = travelling.message
  return "raised", has_position(message) and message or defined .. message, travelling.trace
end

local function load_file(source, chunk_name)
  local chunk, message = load(source, chunk_name, "t", env)
  if chunk then return run(chunk) end
  return "raised", describe(message), ""
end

-- Returns the arguments as Lua's print writes them.
local function joined(...)
  local parts = pack(...)
  for index = 1, parts.n do parts[index] = text_of(parts[index]) end
  return concat(parts, "\t")
end

-- File and line where a function of task code begins; nil if it is none.
function kit.defined_at(fn)
  local info = getinfo(fn, "S")
  if info.linedefined > 0 and info.source ~= OURS then return info.short_src, info.linedefined end
end

for name, value in next, {
  caller = caller, checked = checked, compile = load, described = describe, env = env, check_fields = check_fields,
  check_memory = check_memory, fail = fail, joined = joined, list_of_texts = list_of_texts, note_error = note_error,
  raw_metatable = raw_metatable, text_of = text_of,
} do
  kit[name] = value
end

-- Emptied last, for what a chunk loaded without an environment would see.
for name in next, copy(_G, "python io os debug package require dofile loadfile load collectgarbage print warn") do
  _G[name] = nil
end

return kit, load_file, run, collectgarbage
