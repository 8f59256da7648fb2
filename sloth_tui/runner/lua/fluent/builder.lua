-- task("name"):description(...):command(...):build(): the builder of a task. What it collects, a definition, is made a
-- task when the whole file is loaded: see finish.lua.

local kit = ...

local fail = kit.fail
local seconds = kit.part("durations")
local definitions = kit.part("definitions")
local ipairs, math_type, pack, rawget, setmetatable, tostring, type =
  ipairs, math.type, table.pack, rawget, setmetatable, tostring, type
local find = string.find

local MOST_DELAYS <const> = 1000
local LONGEST_DELAY <const> = 24 * 60 * 60

local methods = {}

-- Methods that ask for what tasks do not do here, and what to do instead.
local REFUSED <const> = {
  async = "tasks run one after the other; start what is to go on by itself with cmd(\"... &\"), or leave it out",
  artifacts = "nothing collects files; write them to one place, and let the tasks that need them read there",
  consumes = "nothing hands files over; let the task read them where the other one wrote them",
  on_timeout = "a task that takes too long is ended from outside; let a task after it, in a run with --keep-going, clean up",
  next_if_fail = "use on_failure, or a task after it in a run with --keep-going",
  target_agent = "use :delegate_to(NAME)",
  run_on = "use :delegate_to(NAME)",
  agent = "use :delegate_to(NAME)",
  retry = "use :retries(N, delay)",
  condition = "use :run_if(function)",
  on_error = "use :on_failure(function)",
  env = "give env to the commands: exec.run(command, {env = {...}})",
  schedule = "let cron or a systemd timer start the run",
  cron = "let cron or a systemd timer start the run",
}

-- Fields that the Go program takes as comments, too.
local NOTED <const> = { version = true, tags = true, category = true, author = true, metadata = true }

local function call(definition, method) return "task '" .. definition.name .. "': " .. method end

local function check(definition, method, value, wanted)
  if not find(wanted, type(value), 1, true) then
    fail(call(definition, method) .. " needs a " .. wanted .. ", got " .. type(value))
  end
  return value
end

-- A method that keeps a value of a type, once.
local function keep(field, method, wanted)
  return function(definition, value) definition[field] = check(definition, method, value, wanted) end
end

-- A method that adds a function to those that are called.
local function add(field, method)
  return function(definition, fn)
    local list = definition[field] or {}
    list[#list + 1] = check(definition, method, fn, "function")
    definition[field] = list
  end
end

methods.description = keep("description", "description", "string")
methods.workdir = keep("workdir", "workdir", "string")
methods.user = keep("user", "user", "string")
methods.params = keep("params", "params", "table")
methods.run_if = keep("run_if", "run_if", "function or string")
methods.abort_if = keep("abort_if", "abort_if", "function or string")
methods.on_success = add("on_success", "on_success")
methods.on_failure = add("on_failure", "on_failure")
methods.on_fail = methods.on_failure
methods.on_complete = add("on_complete", "on_complete")
methods.pre_hook = add("pre_hook", "pre_hook")
methods.post_hook = add("post_hook", "post_hook")
methods.pre_exec, methods.post_exec = methods.pre_hook, methods.post_hook

function methods.command(definition, what)
  check(definition, "command", what, "function or string")
  if definition.command ~= nil then fail(call(definition, "command") .. " is given twice") end
  definition.command = what
  definition.command_file, definition.command_line = kit.caller()
end

function methods.run(definition, fn)
  if fn == nil then
    fail(call(definition, "run") .. " needs a function; a task cannot be run while the file is loaded:"
      .. " leave the call out, and sloth-runner run FILE runs what is built")
  end
  methods.command(definition, fn)
end

function methods.shell(definition, text)
  methods.command(definition, check(definition, "shell", text, "string"))
end

function methods.timeout(definition, value)
  definition.timeout = seconds(call(definition, "timeout"), value)
end

-- The seconds before each further attempt, by the Go program's strategies or all the same.
local function delays(definition, count, delay)
  local list = {}
  for index = 1, count do
    local wait
    if delay == "exponential" then wait = index < 20 and 2 ^ (index - 1) or LONGEST_DELAY
    elseif delay == "linear" then wait = index
    elseif delay == "fixed" or delay == "constant" then wait = 1
    else wait = seconds(call(definition, "retries") .. ": delay", delay) end
    list[index] = wait < LONGEST_DELAY and wait or LONGEST_DELAY
  end
  return list
end

function methods.retries(definition, count, delay)
  if math_type(count) == "float" and count % 1 == 0 then count = count // 1 | 0 end
  if math_type(count) ~= "integer" or count < 0 or count > MOST_DELAYS then
    fail(call(definition, "retries") .. " needs a whole number from 0 to 1000")
  end
  definition.retries = count
  if delay ~= nil and delay ~= 0 then definition.delays = delays(definition, count, delay) end
end

-- Names of tasks, or tasks; one, several, or a list of them.
function methods.depends_on(definition, ...)
  local given = pack(...)
  if given.n == 1 and type(given[1]) == "table" and not definitions.of(given[1]) then
    given = definitions.entries(call(definition, "depends_on"), given[1])
  end
  for index = 1, given.n do
    local needed = given[index]
    if type(needed) ~= "string" and not definitions.of(needed) then
      fail(call(definition, "depends_on") .. " needs names of tasks, or tasks; " .. index .. " is a " .. type(needed))
    end
    definition.needs[#definition.needs + 1] = needed
  end
end

local NOWHERE <const> =
  " needs the name of a host, got nil; if it comes from values, give --values or --set, or name 'local' for this machine"

function methods.delegate_to(definition, place)
  local kind = type(place)
  if kind == "nil" then fail(call(definition, "delegate_to") .. NOWHERE) end
  if kind == "table" and rawget(place, "address") ~= nil then
    fail(call(definition, "delegate_to") .. ": an agent's address is not known here; name a host that ssh reaches")
  end
  definition.delegate_to = check(definition, "delegate_to", place, "string or table or function")
end

function methods.async(definition, wanted)
  if wanted ~= false then fail(call(definition, "async") .. ": " .. REFUSED.async) end
end

function methods.build(definition) definition.built = true end

-- Returns the method of that name: each takes the builder first, and returns it.
local function method(name)
  local act = methods[name]
  return function(builder, ...)
    local definition = definitions.of(builder)
    if not definition then fail("task: call :" .. tostring(name) .. "() with a colon, on what task(\"name\") returns") end
    kit.check_loading()
    if act then act(definition, ...)
    elseif not NOTED[name] then
      local instead = REFUSED[name]
      fail(call(definition, "there is no :" .. tostring(name) .. "() here")
        .. (instead and "; " .. instead or definitions.did_you_mean(name, methods)))
    end
    return builder
  end
end

local made = {}
local metatable = {
  __metatable = false,
  __index = function(_, name)
    if made[name] == nil then made[name] = method(name) end
    return made[name]
  end,
  __name = "task",
}

local function task(name)
  if name == "" then fail("task: name must not be empty") end
  local builder = setmetatable({}, metatable)
  definitions.add(builder, name)
  return builder
end

-- Applies the fields of a table, as the list of a workflow may hold, to a definition.
local function apply(definition, fields)
  local names = {}
  for field in next, fields do
    if type(field) ~= "string" then fail(call(definition, "a field of its table is a " .. type(field))) end
    names[#names + 1] = field
  end
  table.sort(names)
  for _, field in ipairs(names) do
    if field ~= "name" then
      local act = methods[field]
      if act and field ~= "build" then act(definition, fields[field])
      elseif not NOTED[field] then
        local instead = REFUSED[field]
        fail(call(definition, "unknown field '" .. field .. "'")
          .. (instead and ": " .. instead or definitions.did_you_mean(field, methods)))
      end
    end
  end
end

return { task = task, apply = apply }
