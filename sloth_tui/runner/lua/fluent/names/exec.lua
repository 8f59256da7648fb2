-- exec: commands that do not raise when they fail.

local kit = ...

local check_fields, fail, ours = kit.check_fields, kit.fail, kit.ours
local seconds = kit.part("durations")
local next, rawget, setmetatable, tostring, type = next, rawget, setmetatable, tostring, type
local match = string.match
local strings = kit.env.string

local FIELDS <const> = {
  workdir = "string", cwd = "string", dir = "string", env = "table", stdin = "string", timeout = "string or number",
  delegate_to = "string", creates = "string or table", removes = "string or table", unless = "string", onlyif = "string",
}

local function options_of(call, command, given)
  if type(command) == "table" and given == nil then
    given = {}
    for field, value in next, command do given[field] = value end
    command, given.command = rawget(given, "command"), nil
  end
  if type(command) ~= "string" then fail(call .. ": command must be a string, got " .. type(command)) end
  local options = { command = command, check = false }
  check_fields(call, given or {}, FIELDS)
  for field, value in next, given or {} do options[field] = value end
  options.cwd = options.workdir or options.dir or options.cwd
  options.workdir, options.dir = nil, nil
  if options.timeout ~= nil then options.timeout = seconds(call .. ": timeout", options.timeout) end
  return options
end

-- The result is a table, and text where text is wanted: older files take stdout, stderr and whether it failed.
local as_text = {
  __metatable = false,
  __index = strings,
  __tostring = function(result) return result.stdout end,
  __concat = function(a, b) return kit.text_of(a) .. kit.text_of(b) end,
  __len = function(result) return #result.stdout end,
}

local methods = {}
for name, method in next, strings do
  methods[name] = function(text, ...)
    return method(type(text) == "table" and rawget(text, "stdout") or text, ...)
  end
end
as_text.__index = methods

local function run(command, given)
  local result = ours.cmd(options_of("exec.run", command, given))
  result.output = result.stdout
  setmetatable(result, as_text)
  if result.success then return result, nil, false end
  local why = match(result.stderr, "^%s*(.-)%s*$")
  return result, why ~= "" and why or "exit code " .. result.exit_code, true
end

-- Returns whether it succeeded, and its output.
local function sh(command, given)
  local result = ours.cmd(options_of("exec.sh", command, given))
  return result.success, result.stdout .. (result.success and "" or result.stderr), result.exit_code
end

return setmetatable({ run = run, sh = sh, command = run }, {
  __metatable = false,
  __call = function(_, ...) return run(...) end,
  __index = function(_, name)
    return function() fail("exec." .. tostring(name) .. " is not in this program; use exec.run, or cmd") end
  end,
})
