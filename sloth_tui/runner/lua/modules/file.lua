-- file.copy, read, write, exists, remove, checksum. Each takes its arguments one by one or as fields of a table.

local kit, host = ...

local check_fields, check_memory, fail = kit.check_fields, kit.check_memory, kit.fail
local rawget, type = rawget, type

local function answer(call, ok, ...)
  if not ok then fail(call .. ": " .. (...)) end
  return ...
end

local COPY = { src = "string", dest = "string", mode = "string", owner = "string", group = "string", delegate_to = "string" }
local WRITE = { path = "string", content = "string", mode = "string", owner = "string", group = "string", delegate_to = "string" }
local PATH = { path = "string", delegate_to = "string" }

local function required(call, options, field)
  local value = rawget(options, field)
  if type(value) ~= "string" then fail(call .. ": " .. field .. " must be a string, got " .. type(value)) end
  if value == "" and field ~= "content" then fail(call .. ": " .. field .. " must not be empty") end
  return value
end

local function outcome(call, ...)
  local changed, checksum = answer(call, ...)
  return { changed = changed, checksum = checksum }
end

local file = {}

function file.copy(options)
  check_fields("file.copy", options, COPY)
  local src, dest = required("file.copy", options, "src"), required("file.copy", options, "dest")
  check_memory()
  return outcome("file.copy", host.copy(src, dest, rawget(options, "mode"), rawget(options, "owner"),
    rawget(options, "group"), rawget(options, "delegate_to")))
end

function file.write(path, content)
  local options = path
  if type(path) ~= "table" then options = { path = path, content = content } end
  check_fields("file.write", options, WRITE)
  local to, text = required("file.write", options, "path"), required("file.write", options, "content")
  check_memory()
  return outcome("file.write", host.write(to, text, rawget(options, "mode"), rawget(options, "owner"),
    rawget(options, "group"), rawget(options, "delegate_to")))
end

for _, name in ipairs({ "read", "exists", "remove", "checksum" }) do
  local call = "file." .. name
  local ask = host[name]
  file[name] = function(path)
    local options = path
    if type(path) ~= "table" then options = { path = path } end
    check_fields(call, options, PATH)
    local of = required(call, options, "path")
    check_memory()
    return answer(call, ask(of, rawget(options, "delegate_to")))
  end
end

return file
