-- cmd({command, delegate_to, cwd, env, stdin, timeout, grace, check = true}), cmd("...")

local kit, host = ...

local check_memory, check_fields, fail = kit.check_memory, kit.check_fields, kit.fail
local gsub, match, sub = string.gsub, string.match, string.sub
local huge = math.huge
local next, rawget, tostring, type, unpack = next, rawget, tostring, type, table.unpack

local FIELDS = {
  command = "string", delegate_to = "string", cwd = "string", env = "table", stdin = "string", timeout = "number",
  grace = "number", check = "boolean",
}
local LONGEST_SHOWN <const> = 120
local LONGEST_GRACE <const> = 30 * 24 * 60 * 60
local MOST_VARIABLES <const> = 10000

local function environment(env)
  local fields, count = {}, 0
  for name, value in next, env or {} do
    if type(name) ~= "string" then fail("cmd: env must have names, got a " .. type(name)) end
    if type(value) ~= "string" and type(value) ~= "number" then
      fail("cmd: env." .. name .. " must be a string or a number, got " .. type(value))
    end
    fields[count + 1], fields[count + 2] = name, tostring(value)
    count = count + 2
    if count > 2 * MOST_VARIABLES then fail("cmd: env must not have more than " .. MOST_VARIABLES .. " names") end
  end
  return fields
end

-- The command on one line, for messages.
local function shown(command)
  local line = gsub(sub(command, 1, 4 * LONGEST_SHOWN), "%s+", " ")
  return "'" .. (#line > LONGEST_SHOWN and sub(line, 1, LONGEST_SHOWN) .. "…" or line) .. "'"
end

local function last_line(text)
  local tail = sub(text, -1000)
  return match(tail, "([^\n]+)%s*$")
end

return function(options)
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
  local env = environment(rawget(options, "env"))
  check_memory()
  local ok, code, stdout, stderr, cut = host.run(command, rawget(options, "delegate_to"), rawget(options, "cwd"),
    rawget(options, "stdin"), timeout, grace, unpack(env))
  if not ok then fail("cmd: " .. code) end
  if code == nil then fail("cmd: " .. shown(command) .. " took longer than " .. stdout) end
  if code ~= 0 and rawget(options, "check") ~= false then
    local why = last_line(stderr)
    fail("cmd: " .. shown(command) .. " ended with exit code " .. code .. (why and ": " .. why or ""))
  end
  return {
    stdout = stdout, stderr = stderr, exit_code = code, success = code == 0, changed = true,
    cut = cut > 0 and cut or nil,
  }
end
