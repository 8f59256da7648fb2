-- Runs a task of the fluent form: its conditions, hooks and command, and hands on what it returns.

local kit = ...

local fail, ours, standing = kit.fail, kit.ours, kit.standing
local this_of = kit.part("this")
local acting = kit.part("acting")
local error, find, gsub, ipairs, next, pack, setmetatable, tostring, type, xpcall =
  error, string.find, string.gsub, ipairs, next, table.pack, setmetatable, tostring, type, xpcall

local running = {}

-- What tasks have returned besides true and a message, by their full names.
local outputs = {}

-- The outputs of what a task depends on, by name. Those of a task that another process ran are not here.
local function inputs_of(needs)
  local inputs, by_name = {}, {}
  for full_name, name in next, needs do
    inputs[name], by_name[name] = outputs[full_name], full_name
  end
  return setmetatable(inputs, {
    __metatable = false,
    __index = function(_, name)
      local full_name = by_name[name]
      if full_name and outputs[full_name] == nil then
        fail("what task '" .. name .. "' returned is not known here, because it ran for other hosts, or before a task "
          .. "that was ended; hand it on with state.set")
      end
    end,
  })
end

local function stand_at(fn)
  if type(fn) == "function" then
    local file, line = kit.defined_at(fn)
    if file then standing.file, standing.line = file, line end
  end
end

-- Whether a condition holds: a function returns it, a command succeeds. And the words for it, if it returned some.
local function holds(condition, ...)
  if type(condition) == "string" then
    return kit.ask(condition).success
  end
  stand_at(condition)
  local answer, why = condition(...)
  return answer and true or false, why
end

local function call_all(list, ...)
  for _, fn in ipairs(list or {}) do
    stand_at(fn)
    local ok, why = fn(...)
    if ok == false then fail(type(why) == "string" and why or "a hook returned false") end
  end
end

-- Calls hooks whose failure does not count any more.
local function tell_all(list, name, ...)
  for _, fn in ipairs(list or {}) do
    stand_at(fn)
    local ok, message = xpcall(fn, kit.note_error, ...)
    if not ok then ours.log.warn(name .. ": " .. (type(message) == "string" and message or "failed")) end
  end
end

local function run_command(task, ...)
  local command = task.command
  if command == nil then return true end
  if type(command) == "string" then
    standing.file, standing.line = task.command_file, task.command_line
    ours.cmd(command)
    return true
  end
  stand_at(command)
  return command(...)
end

local function attempt(task, inputs)
  local workflow = task.workflow or {}
  local path = task.workdir or workflow.workdir
  kit.defaults = acting(path, task.user or workflow.user)
  local this, params = this_of(task, path), { task_name = task.name, group_name = workflow.name, workdir = path or "." }
  for name, value in next, task.params or {} do params[name] = value end
  local input = inputs_of(inputs)
  if task.abort_if then
    local aborts, why = holds(task.abort_if, this, params, input)
    if aborts then fail("aborted by abort_if" .. (type(why) == "string" and ": " .. why or "")) end
  end
  if task.run_if and not holds(task.run_if, this, params, input) then
    ours.log.info("not run: run_if does not hold")
    outputs[task.full_name] = {}
    return true
  end
  -- Where its commands start; they would not without it.
  if path and not ours.file.exists(path) then ours.file.directory({ path = path, parents = true }) end
  call_all(task.pre_hook, this, params, input)
  local results = pack(xpcall(run_command, kit.note_error, task, this, params, input))
  local ok, succeeded, message, output = results[1], results[2], results[3], results[4]
  if ok and succeeded ~= false then
    if type(output) ~= "table" then output = type(message) == "table" and message or {} end
    outputs[task.full_name] = output
    call_all(task.on_success, this, params, output)
    call_all(task.post_hook, this, params, output)
    tell_all(task.on_complete, "on_complete", true, message)
    return true
  end
  local why = ok and message or succeeded
  local told = { error = kit.described(why), task_name = task.name }
  local file, line = standing.file, standing.line
  tell_all(task.on_failure, "on_failure", this, params, told)
  tell_all(task.on_complete, "on_complete", false, told.error)
  standing.file, standing.line = file, line
  if not ok then error(succeeded, 0) end
  return false, message
end

-- inputs: the names of what the task depends on, by their full names.
function running.of(task, inputs)
  return function()
    standing.file, standing.line = task.file, task.line
    return attempt(task, inputs)
  end
end

function running.on_start(workflow)
  return function()
    stand_at(workflow.on_start)
    return workflow.on_start()
  end
end

-- names: those of the tasks of the workflow. The function gets whether all were done, and of each how it ended, with
-- what it returned.
function running.on_complete(workflow, names)
  return function()
    stand_at(workflow.on_complete)
    local told, results = kit.failures(), {}
    local succeeded = next(told.failures) == nil and not told.more
    for index, name in ipairs(names) do
      local status = told.failures[name] or told.more and "unknown" or "done"
      local result = {}
      for field, value in next, outputs[name] or {} do result[field] = value end
      result.name, result.status, result.success, result.output = name, status, status == "done", outputs[name]
      results[index], results[name] = result, result
    end
    return workflow.on_complete(succeeded, results)
  end
end

return running
