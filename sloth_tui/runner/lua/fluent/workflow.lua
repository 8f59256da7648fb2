-- workflow.define("name"):tasks({...}), workflow.define("name", {tasks = {...}}) and workflow("name"): tasks that
-- belong together, in the order in which they are written.

local kit = ...

local fail = kit.fail
local seconds = kit.part("durations")
local definitions = kit.part("definitions")
local builder = kit.part("builder")
local find, huge = string.find, math.huge
local ipairs, math_type, next, rawget, setmetatable, sort, tostring, type =
  ipairs, math.type, next, rawget, setmetatable, table.sort, tostring, type

local known = {}
local methods = {}

local function call(workflow, method) return "workflow '" .. workflow.name .. "': " .. method end

local function check(workflow, method, value, wanted)
  if not find(wanted, type(value), 1, true) then
    fail(call(workflow, method) .. " needs a " .. wanted .. ", got " .. type(value))
  end
  return value
end

-- What a workflow's config may ask for ---------------------------------------------------------------

local settings = {}

function settings.timeout(workflow, value) workflow.timeout = seconds(call(workflow, "timeout"), value) end
function settings.workdir(workflow, value) workflow.workdir = check(workflow, "workdir", value, "string") end
function settings.user(workflow, value) workflow.user = check(workflow, "user", value, "string") end

function settings.delegate_to(workflow, value)
  workflow.delegate_to = check(workflow, "delegate_to", value, "string or table or function")
end

function settings.continue_on_error(workflow, value)
  workflow.goes_on = check(workflow, "continue_on_error", value, "boolean")
end

-- One task at a time is no more than any number.
function settings.max_parallel_tasks(workflow, value)
  if not (check(workflow, "max_parallel_tasks", value, "number") >= 1) then
    fail(call(workflow, "max_parallel_tasks") .. " must be 1 or more")
  end
end

function settings.parallel(workflow, value)
  if check(workflow, "parallel", value, "boolean") then
    fail(call(workflow, "parallel") .. ": its tasks run one after the other; leave it out")
  end
end

function settings.max_retries(workflow, value)
  if math_type(value) ~= "integer" or value < 0 or value > 1000 then
    fail(call(workflow, "max_retries") .. " needs a whole number from 0 to 1000")
  end
  workflow.retries = value
end
settings.retries = settings.max_retries

function settings.on_task_failure(workflow, value)
  if value ~= "stop" and value ~= "continue" then
    fail(call(workflow, "on_task_failure") .. " must be 'stop' or 'continue'")
  end
  workflow.goes_on = value == "continue"
end

-- A workdir is made if it is not there; that is all that this asks for.
function settings.create_workdir_before_run(workflow, value)
  check(workflow, "create_workdir_before_run", value, "boolean")
end

-- Defaults, for what neither --values nor --set give.
function settings.values(workflow, value)
  check(workflow, "values", value, "table")
  kit.add_defaults(kit.ours.values, value)
end

local function apply_settings(workflow, config)
  for field, value in next, check(workflow, "config", config, "table") do
    local act = settings[field]
    if not act then
      fail(call(workflow, "config: unknown field '" .. kit.text_of(field) .. "'")
        .. definitions.did_you_mean(field, settings))
    end
    act(workflow, value)
  end
end

-- Its tasks ------------------------------------------------------------------------------------------

local function copy(from, name)
  local definition = definitions.new(name)
  for field, value in next, from do
    if definition[field] == nil then definition[field] = value end
  end
  definition.file, definition.line, definition.needs = from.file, from.line, { table.unpack(from.needs) }
  return definition
end

-- Returns the definition that an entry of the list stands for: a table of fields, whose command may be a task.
local function from_table(workflow, key, entry)
  local name = rawget(entry, "name") or key
  local base = definitions.of(rawget(entry, "command")) or definitions.of(rawget(entry, "uses"))
  name = name or base and base.name
  if type(name) ~= "string" or name == "" then fail(call(workflow, "a task in its list has no name")) end
  local fields = {}
  for field, value in next, entry do fields[field] = value end
  if definitions.of(fields.command) then fields.command = nil end
  local uses = fields.uses
  fields.uses = nil
  local definition = base and (base.name == name and base or copy(base, name)) or definitions.new(name)
  if base and definition ~= base then base.stands_for = definition end
  if type(uses) == "table" and not base then builder.apply(definition, uses) end
  if fields.command ~= nil or fields.run ~= nil then definition.command = nil end
  builder.apply(definition, fields)
  local file, line = nil, nil
  if type(definition.command) == "function" then file, line = kit.defined_at(definition.command) end
  if file and not base then definition.file, definition.line = file, line end
  return definition, line or base and base.line or huge
end

-- Lists by their numbers; those with names by the lines that they are written on, which Lua tells of functions and of
-- tasks alone, and else by name.
local function ordered(workflow, tasks)
  local members, numbers = {}, 0
  for key, entry in next, tasks do
    if math_type(key) == "integer" then numbers = numbers + 1
    elseif type(key) ~= "string" then fail(call(workflow, "tasks: a key is a " .. type(key))) end
    members[#members + 1] = { key = key, entry = entry, line = huge }
  end
  if numbers > 0 and numbers < #members then fail(call(workflow, "tasks: needs either a list, or names and tasks")) end
  if numbers > 0 then
    local entries = definitions.entries(call(workflow, "tasks"), tasks)
    for index = 1, entries.n do members[index] = { entry = entries[index], line = index } end
  end
  return members, numbers > 0
end

local function add_tasks(workflow, tasks)
  check(workflow, "tasks", tasks, "table")
  if definitions.of(tasks) then tasks = { tasks } end
  local members, listed = ordered(workflow, tasks)
  for _, member in ipairs(members) do
    local entry, line = member.entry, nil
    if type(entry) == "string" then member.task = entry
    elseif definitions.of(entry) then
      member.task = definitions.of(entry)
      line = member.task.line
    elseif type(entry) == "table" then member.task, line = from_table(workflow, not listed and member.key or nil, entry)
    else fail(call(workflow, "tasks: " .. tostring(member.key or member.line) .. " is no task, but a " .. type(entry))) end
    if not listed then member.line = line or huge end
  end
  if not listed then
    sort(members, function(a, b)
      if a.line ~= b.line then return a.line < b.line end
      return a.key < b.key
    end)
  end
  for _, member in ipairs(members) do workflow.members[#workflow.members + 1] = member.task end
end

-- Methods --------------------------------------------------------------------------------------------

function methods.description(workflow, text) check(workflow, "description", text, "string") end
function methods.version(workflow, text) check(workflow, "version", text, "string or number") end
function methods.metadata() end
methods.tags, methods.author = methods.metadata, methods.metadata

methods.tasks, methods.config = add_tasks, apply_settings
methods.timeout, methods.workdir, methods.delegate_to = settings.timeout, settings.workdir, settings.delegate_to

function methods.on_start(workflow, fn) workflow.on_start = check(workflow, "on_start", fn, "function") end
function methods.on_complete(workflow, fn) workflow.on_complete = check(workflow, "on_complete", fn, "function") end
function methods.build() end

local REFUSED <const> = {
  on_task_start = "use :on_start(function), or :pre_hook(function) of the tasks",
  on_task_complete = "use :on_success(function) of the tasks",
  on_failure = "use :on_complete(function(success) ... end)",
  on_success = "use :on_complete(function(success) ... end)",
  rollback_on_failure = "run with --undo-on-failure, which takes back what was written to the state",
  clean_workdir_after_run = "remove it in :on_complete, with file.absent({path = ..., recurse = true})",
  schedule = "let cron or a systemd timer start the run",
}

local function act(workflow, name, ...)
  local method = methods[name]
  if not method and settings[name] then return settings[name](workflow, ...) end
  if not method then
    local instead = REFUSED[name]
    fail(call(workflow, "there is no '" .. tostring(name) .. "' here")
      .. (instead and "; " .. instead or definitions.did_you_mean(name, methods)))
  end
  method(workflow, ...)
end

local by_builder = setmetatable({}, { __mode = "k" })
local made = {}
local metatable = {
  __metatable = false,
  __name = "workflow",
  __index = function(_, name)
    made[name] = made[name] or function(self, ...)
      local workflow = by_builder[self]
      if not workflow then fail("workflow: call :" .. tostring(name) .. "() with a colon, on what workflow.define returns") end
      kit.check_loading()
      act(workflow, name, ...)
      return self
    end
    return made[name]
  end,
}

local function define(name, fields)
  kit.check_loading()
  if type(name) ~= "string" or name == "" then fail("workflow: needs a name, got " .. (name == "" and "none" or type(name))) end
  local file, line = kit.caller()
  if known[name] then
    fail("workflow '" .. name .. "' is defined twice, first at " .. known[name].file .. ":" .. known[name].line)
  end
  local workflow = { is_workflow = true, name = name, file = file, line = line, members = {} }
  known[name] = workflow
  kit.defined[#kit.defined + 1] = workflow
  if fields ~= nil then
    for field, value in next, check(workflow, "define", fields, "table") do
      if field ~= "name" then act(workflow, field, value) end
    end
  end
  local made_builder = setmetatable({}, metatable)
  by_builder[made_builder] = workflow
  return made_builder
end

return setmetatable({ define = define }, {
  __metatable = false,
  __call = function(_, name, fields) return define(name, fields) end,
  __index = function(_, name)
    return function()
      fail("workflow." .. tostring(name) .. " is not in this program; tasks of a workflow run one after the other, "
        .. "as they are written")
    end
  end,
})
