-- Makes tasks of what the file has defined, in order: once it is loaded, because only then it is known which tasks
-- workflows list.

local kit = ...

local definitions = kit.part("definitions")
local running = kit.part("running")
local fail, standing = kit.fail, kit.standing
local gsub, gmatch = string.gsub, string.gmatch
local ipairs, next, tostring, type = ipairs, next, tostring, type

local defined = kit.defined
local has_workflows = false
local documents = {} -- tasks of the document's form, by name

-- What has taken the place of a task that no workflow lists under its own name.
local function current(definition)
  while definition.stands_for and not definition.workflow do definition = definition.stands_for end
  return definition
end

local function find_named(name, workflow)
  local found
  for _, definition in ipairs(definitions.all) do
    if definition.name == name and current(definition) == definition then
      if workflow and definition.workflows[1] == workflow then return definition end
      found = found or definition
    end
  end
  return found
end

-- Puts in the place of names in lists of workflows what they name.
local function resolve_members(workflow)
  standing.file, standing.line = workflow.file, workflow.line
  if #workflow.members == 0 then fail("workflow '" .. workflow.name .. "' has no tasks") end
  for index, member in ipairs(workflow.members) do
    if type(member) == "string" then
      member = documents[member] or find_named(member)
        or fail("workflow '" .. workflow.name .. "': no task is called '" .. member .. "'")
    end
    workflow.members[index] = member
    member.workflows = member.workflows or {}
    member.workflows[#member.workflows + 1] = workflow.name
    if not member.workflow then member.workflow = workflow end
  end
end

local needed = {}

-- Whatever a listed task depends on is needed, listed or not.
local function need(task)
  if needed[task] then return end
  needed[task] = true
  for _, name in ipairs(task.needs) do
    local other
    if type(name) == "table" then other = current(definitions.of(name))
    else other = documents[name] or find_named(name, task.workflow and task.workflow.name) end
    if other then need(other) end
  end
end

-- Two workflows may have tasks of one name: these get the workflow's in front.
local function name_all(tasks)
  local count = {}
  for _, task in ipairs(tasks) do count[task.name] = (count[task.name] or 0) + 1 end
  for _, task in ipairs(tasks) do
    task.full_name = task.name
    if count[task.name] > 1 and task.workflow and not task.run then
      task.full_name = task.workflow.name .. "/" .. task.name
    end
  end
end

-- Returns the tasks to register, each once, in order, and after those of a workflow the workflow itself.
local function in_order()
  local tasks, seen, order = {}, {}, {}
  local function add(task)
    if seen[task] then return end
    seen[task] = true
    tasks[#tasks + 1], order[#order + 1] = task, task
  end
  for _, item in ipairs(defined) do
    if item.is_workflow then
      order[#order + 1] = { before = item }
      for _, member in ipairs(item.members) do add(member) end
      order[#order + 1] = { behind = item }
    elseif item.run then
      if not item.workflow then add(item) end
    elseif current(item) == item and not item.workflow then
      if needed[item] or item.built and not has_workflows then add(item)
      elseif has_workflows then
        kit.warn(item.file .. ":" .. item.line .. ": task '" .. item.name .. "' is in no workflow, and is left out")
      else
        kit.warn(item.file .. ":" .. item.line .. ": task '" .. item.name .. "' has no :build(), and is left out")
      end
    end
  end
  return tasks, order
end

local function substituted(text)
  return (gsub(text, "%${values%.([%w_.-]+)}", function(path)
    local found = kit.ours.values
    for name in gmatch(path, "[^.]+") do found = type(found) == "table" and found[name] or nil end
    if type(found) ~= "string" and type(found) ~= "number" then
      fail("delegate_to: values." .. path .. " is " .. type(found) .. "; give it with --values or --set")
    end
    return tostring(found)
  end))
end

local function place_of(task)
  local place = task.delegate_to
  if place == nil and task.workflow then place = task.workflow.delegate_to end
  if type(place) == "function" then
    place = place()
    if type(place) ~= "string" and type(place) ~= "table" then
      fail("task '" .. task.name .. "': the function of delegate_to returned " .. type(place) .. ", and no name of a host")
    end
  end
  if type(place) == "string" then return substituted(place) end
  return place
end

local function names_of_needs(task)
  local names, by_full_name = {}, {}
  for index, name in ipairs(task.needs) do
    local other
    if type(name) == "table" then other = current(definitions.of(name))
    else other = not documents[name] and find_named(name, task.workflow and task.workflow.name) end
    names[index] = other and other.full_name or name
    by_full_name[names[index]] = other and other.name or name
  end
  return names, by_full_name
end

local function register_definition(task)
  local workflow = task.workflow or {}
  standing.file, standing.line = task.file, task.line
  if task.command == nil and #task.needs == 0 then
    fail("task '" .. task.name .. "' has no :command(...), and depends on nothing")
  end
  local names, inputs = names_of_needs(task)
  if workflow.on_start then names[#names + 1] = workflow.name .. ":on_start" end
  local retries = task.retries or workflow.retries or 0
  kit.register(kit.checked_task({
    name = task.full_name, run = running.of(task, inputs), description = task.description, depends_on = names,
    delegate_to = place_of(task), timeout = task.timeout, retries = retries,
  }, {
    workflows = task.workflows, delays = task.delays, workflow_timeout = workflow.timeout,
    despite = workflow.goes_on and "others" or nil,
  }))
end

local function register_document(task)
  local workflow = task.workflow
  standing.file, standing.line = task.file, task.line
  if workflow then
    local names = { table.unpack(task.needs) }
    if workflow.on_start then names[#names + 1] = workflow.name .. ":on_start" end
    task.needs = names
    task.more = { workflows = task.workflows, workflow_timeout = workflow.timeout,
      despite = workflow.goes_on and "others" or nil }
  end
  kit.register(task)
end

local function register_hook(workflow, hook, run, needs, despite)
  standing.file, standing.line = kit.defined_at(workflow[hook])
  kit.register(kit.checked_task(
    { name = workflow.name .. ":" .. hook, run = run, depends_on = needs,
      description = hook .. " of workflow " .. workflow.name },
    { workflows = { workflow.name }, despite = despite }))
end

local function register(item)
  if item.before then
    if item.before.on_start then
      register_hook(item.before, "on_start", running.on_start(item.before))
    end
  elseif item.behind then
    if item.behind.on_complete then
      local needs = {}
      for index, member in ipairs(item.behind.members) do needs[index] = member.full_name end
      register_hook(item.behind, "on_complete", running.on_complete(item.behind, needs), needs, "any")
    end
  elseif item.run then register_document(item)
  else register_definition(item) end
end

return function()
  for _, item in ipairs(defined) do
    if item.run then documents[item.name] = item end
    has_workflows = has_workflows or item.is_workflow
  end
  for _, item in ipairs(defined) do
    if item.is_workflow then resolve_members(item) end
  end
  for _, item in ipairs(defined) do
    if item.is_workflow then
      for _, member in ipairs(item.members) do need(member) end
    elseif item.run or item.built and not has_workflows then need(item) end
  end
  local tasks, order = in_order()
  name_all(tasks)
  for _, item in ipairs(order) do register(item) end
  kit.defined = nil
end
