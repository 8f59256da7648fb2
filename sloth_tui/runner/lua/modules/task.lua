-- task({...}), print and values.

local kit, host, values_text = ...

local check_memory, fail = kit.check_memory, kit.fail
local concat, move, unpack = table.concat, table.move, table.unpack
local math_type, huge = math.type, math.huge
local ipairs, next, pairs, rawget, tostring, type = ipairs, next, pairs, rawget, tostring, type
local sub = string.sub

local FIELDS <const> = "name, run, description, depends_on, delegate_to, timeout, retries, sources, creates"
local KNOWN = {
  name = true, run = true, description = true, depends_on = true, delegate_to = true, timeout = true, retries = true,
  sources = true, creates = true,
}
local LONGEST_LINE <const> = 65536
local MOST_HOSTS <const> = 1000
local NOTHING <const> = {}

local functions, records, count = {}, {}, 0
local loading = true

local function wrong(field, wanted, value)
  fail("task: " .. field .. " must be " .. wanted .. ", got " .. type(value))
end

local function optional_string(spec, field)
  local value = rawget(spec, field)
  if value ~= nil and type(value) ~= "string" then wrong(field, "a string", value) end
  return value
end

-- A field that is one text or a list of them, as a list.
local function texts(spec, field, one, many)
  local value = rawget(spec, field)
  if value == nil then return {} end
  if type(value) == "string" then return { value } end
  if type(value) ~= "table" then wrong(field, one .. " or a list of " .. many, value) end
  return kit.list_of_texts("task: " .. field, value, many)
end

-- The one place where a task acts, or else the list of hosts that it runs for.
local function places(spec)
  local value = rawget(spec, "delegate_to")
  if value == nil or type(value) == "string" then return value, {} end
  if type(value) ~= "table" then wrong("delegate_to", "a name or a list of hosts", value) end
  local hosts = kit.list_of_texts("task: delegate_to", value, "names")
  if #hosts == 0 then fail("task: delegate_to is an empty list; name a host, or leave it out for this machine") end
  if #hosts > MOST_HOSTS then fail("task: delegate_to must not have more than " .. MOST_HOSTS .. " names") end
  return nil, hosts
end

local function limits(spec)
  local timeout, retries = rawget(spec, "timeout"), rawget(spec, "retries")
  if timeout ~= nil then
    if type(timeout) ~= "number" then wrong("timeout", "a number of seconds", timeout) end
    if not (timeout > 0 and timeout < huge) then fail("task: timeout must be more than 0 seconds") end
  end
  if retries == nil then retries = 0 end
  if math_type(retries) ~= "integer" then wrong("retries", "a whole number", retries) end
  if retries < 0 or retries > 1000 then fail("task: retries must be from 0 to 1000, got " .. retries) end
  return timeout, retries
end

local function check_loading()
  if not loading then fail("task: tasks are defined while the file is loaded, not while one runs") end
end

-- Returns the fields of a task, checked. more: what no field of the document's form says.
local function checked(spec, more)
  for field in next, spec do
    if not KNOWN[field] then fail("task: unknown field '" .. kit.text_of(field) .. "'; there are: " .. FIELDS) end
  end
  local name, run = rawget(spec, "name"), rawget(spec, "run")
  if type(name) ~= "string" then wrong("name", "a string", name) end
  if name == "" then fail("task: name must not be empty") end
  if type(run) ~= "function" then fail("task '" .. name .. "': run must be a function, got " .. type(run)) end
  local timeout, retries = limits(spec)
  local place, hosts = places(spec)
  local file, line = kit.caller()
  return {
    name = name, run = run, description = optional_string(spec, "description"), place = place, hosts = hosts,
    timeout = timeout, retries = retries, file = file, line = line, needs = texts(spec, "depends_on", "a task's name", "names"),
    sources = texts(spec, "sources", "a pattern", "patterns"), creates = texts(spec, "creates", "a path", "paths"),
    more = more or NOTHING,
  }
end

local function register(task)
  local lists, more = {}, task.more
  local workflows, delays = more.workflows or NOTHING, more.delays or NOTHING
  for _, list in ipairs({ task.hosts, task.sources, task.creates, workflows, task.needs }) do
    move(list, 1, #list, #lists + 1, lists)
  end
  check_memory()
  local ok, message = host.register(task.name, task.description, task.place, task.timeout, task.retries, task.file,
    task.line, concat(delays, " "), more.despite or "", more.workflow_timeout, #task.hosts, #task.sources, #task.creates, #workflows, unpack(lists))
  if not ok then fail("task: " .. message) end
  count = count + 1
  functions[count], records[count] = task.run, task
end

-- Registers nothing of what was, and returns it: tasks of both forms get their order when the whole file is loaded.
local function take_back()
  local before = records
  host.forget()
  functions, records, count = {}, {}, 0
  return before
end

-- Returns its name.
local function task(spec)
  if type(spec) == "string" then
    check_loading()
    return kit.part("builder").task(spec)
  end
  check_loading()
  if type(spec) ~= "table" then fail("task: needs a table of fields, got " .. type(spec)) end
  local checked_task = checked(spec)
  if kit.defined then kit.defined[#kit.defined + 1] = checked_task else register(checked_task) end
  return checked_task.name
end

function kit.output(stream, line)
  check_memory()
  host.output(stream, #line > LONGEST_LINE and sub(line, 1, LONGEST_LINE) or line, #line)
end

local function print(...)
  kit.output("print", kit.joined(...))
end

local ok, values = kit.json_decode(values_text, { ordered = true })
if not ok then fail("values: " .. values) end

-- values({...}) gives defaults for what neither --values nor --set say.
local function add_defaults(t, defaults)
  if type(defaults) ~= "table" then fail("values: needs a table of names and values, got " .. type(defaults)) end
  for name, value in next, defaults do
    if t[name] == nil then t[name] = value end
  end
  return t
end

local function with_defaults(read)
  local names, copy = {}, {}
  for name, value in pairs(read) do names[#names + 1], copy[name] = name, value end
  return kit.keep_order(copy, names, { __pairs = kit.ordered_pairs, __call = add_defaults, __metatable = false })
end

kit.add_defaults = add_defaults
kit.env.task, kit.env.print, kit.env.values = task, print, with_defaults(values)
kit.checked_task, kit.check_loading, kit.register, kit.warn = checked, check_loading, register, host.warn
kit.entitle = host.entitle
kit.take_back = take_back

-- Which tasks were not done, as JSON, for those that run at the end of a workflow.
local failures = "{}"

function kit.failures()
  local _, decoded = kit.json_decode(failures)
  return decoded
end

-- The run function of the n-th task defined; what is left to do once the file is loaded, if anything; the end of
-- defining; and telling failures.
return function(index) return functions[index] end, function() return kit.finish end, function() loading = false end,
  function(text) failures = text end
