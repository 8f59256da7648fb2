-- cmd({command, delegate_to, cwd, env, stdin, timeout, grace, check = true, creates, removes, unless, onlyif,
-- changed}), cmd("...")

local kit, host = ...

local check_memory, check_fields, fail = kit.check_memory, kit.check_fields, kit.fail
local gsub, match, sub = string.gsub, string.match, string.sub
local huge = math.huge
local error, next, rawget, tostring, type, unpack, xpcall = error, next, rawget, tostring, type, table.unpack, xpcall

local FIELDS = {
  command = "string", delegate_to = "string", cwd = "string", env = "table", stdin = "string", timeout = "number",
  grace = "number", check = "boolean", creates = "string or table", removes = "string or table", unless = "string",
  onlyif = "string", changed = "boolean or function",
}
local CROSSING = { "command", "delegate_to", "cwd", "stdin", "timeout", "grace", "unless", "onlyif" }
local LONGEST_SHOWN <const> = 120
local LONGEST_GRACE <const> = 30 * 24 * 60 * 60
local MOST_VARIABLES <const> = 10000
local MOST_PATHS <const> = 1000

local function add(pairs, name, value)
  local count = #pairs
  pairs[count + 1], pairs[count + 2] = name, value
end

local function add_environment(pairs, env)
  local count = 0
  for name, value in next, env or {} do
    if type(name) ~= "string" then fail("cmd: env must have names, got a " .. type(name)) end
    if type(value) ~= "string" and type(value) ~= "number" then
      fail("cmd: env." .. name .. " must be a string or a number, got " .. type(value))
    end
    add(pairs, "name", name)
    add(pairs, "value", tostring(value))
    count = count + 1
    if count > MOST_VARIABLES then fail("cmd: env must not have more than " .. MOST_VARIABLES .. " names") end
  end
end

-- One path, or a list of them.
local function add_paths(pairs, options, field)
  local paths = rawget(options, field)
  if paths == nil then return end
  if type(paths) == "string" then paths = { paths } end
  local count = 0
  for _ in next, paths do count = count + 1 end
  if count == 0 then fail("cmd: " .. field .. " must not be empty") end
  if count > MOST_PATHS then fail("cmd: " .. field .. " must not have more than " .. MOST_PATHS .. " paths") end
  for index = 1, count do
    local path = rawget(paths, index)
    if type(path) ~= "string" or path == "" then fail("cmd: " .. field .. " must be a path or a list of paths") end
    add(pairs, field, path)
  end
end

-- The command on one line, for messages.
local function shown(command)
  local line = gsub(sub(command, 1, 4 * LONGEST_SHOWN), "%s+", " ")
  return #line > LONGEST_SHOWN and sub(line, 1, LONGEST_SHOWN) .. "…" or line
end

local function last_line(text)
  local tail = sub(text, -1000)
  return match(tail, "([^\n]+)%s*$")
end

local function checked(options)
  if type(options) == "string" then options = { command = options } end
  check_fields("cmd", options, FIELDS)
  local command, timeout, grace = rawget(options, "command"), rawget(options, "timeout"), rawget(options, "grace")
  if type(command) ~= "string" then fail("cmd: command must be a string, got " .. type(command)) end
  if timeout and not (timeout > 0 and timeout < huge) then
    fail("cmd: timeout must be more than 0 seconds, and finite")
  end
  if grace and not (grace >= 0 and grace <= LONGEST_GRACE) then
    fail("cmd: grace must be 0 or more seconds, at most 30 days")
  end
  return options
end

local function crossing(options)
  local pairs = {}
  for index = 1, #CROSSING do
    local value = rawget(options, CROSSING[index])
    if value ~= nil then add(pairs, CROSSING[index], value) end
  end
  if rawget(options, "changed") == false then add(pairs, "reads", true) end
  add_paths(pairs, options, "creates")
  add_paths(pairs, options, "removes")
  add_environment(pairs, rawget(options, "env"))
  return pairs
end

-- Whether a command that has run has changed something.
local function has_changed(declared, result)
  if declared == nil then return true end
  if type(declared) == "boolean" then return declared end
  local ok, answer = xpcall(declared, kit.note_error, result)
  if not ok then error(answer, 0) end
  if type(answer) ~= "boolean" then fail("cmd: changed must return a boolean, got " .. type(answer)) end
  return answer
end

-- Runs what only reads, without showing its output. Returns what cmd does, as far as it is known.
function kit.ask(command, target)
  local pairs = { "command", command, "reads", true, "quiet", true }
  if target ~= nil then add(pairs, "delegate_to", target) end
  if kit.defaults then kit.defaults.crossing(pairs) end
  check_memory()
  local ok, code, stdout, stderr = host.run(unpack(pairs))
  if not ok then fail("cmd: " .. code) end
  return { stdout = stdout, stderr = stderr, exit_code = code, success = code == 0 }
end

return function(options)
  options = checked(options)
  local pairs = crossing(options)
  if kit.defaults then kit.defaults.crossing(pairs) end
  local command, target = shown(rawget(options, "command")), rawget(options, "delegate_to")
  check_memory()
  local ok, code, stdout, stderr, cut, skipped, predicted = host.run(unpack(pairs))
  if not ok then fail("cmd: " .. code) end
  if code == nil then fail("cmd: '" .. command .. "' took longer than " .. stdout) end
  if code ~= 0 and rawget(options, "check") ~= false and not (host.excuse(target, command)) then
    local why = last_line(stderr)
    fail("cmd: '" .. command .. "' ended with exit code " .. code .. (why and ": " .. why or ""))
  end
  local result = {
    stdout = stdout, stderr = stderr, exit_code = code, success = code == 0, changed = true, predicted = predicted,
    skipped = skipped or false, cut = cut > 0 and cut or false,
  }
  if skipped then
    result.changed = false
  elseif not predicted then
    result.changed = has_changed(rawget(options, "changed"), result)
  end
  local told, why = host.report(target, command, result.changed, skipped)
  if not told then fail("cmd: " .. why) end
  return result
end
