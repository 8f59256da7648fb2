-- this: what the function of a task is given of its task.

local kit = ...

local fail, ours, text_of = kit.fail, kit.ours, kit.text_of
local setmetatable, type = setmetatable, type
local strings = kit.env.string

-- A name that may be called, too: this.name and this.name().
local function callable_text(text)
  return setmetatable({}, {
    __metatable = false,
    __call = function() return text end,
    __tostring = function() return text end,
    __concat = function(a, b) return text_of(a) .. text_of(b) end,
    __index = strings,
  })
end

-- Methods may be called with a dot or a colon; none takes an argument.
local function workdir_of(task, path)
  local function needed(method)
    if not path then fail("task '" .. task.name .. "': this.workdir." .. method .. " needs a task with :workdir(path)") end
    return path
  end
  local workdir = {}
  function workdir.get() return path or "." end
  function workdir.exists() return path ~= nil and ours.file.exists(path) end
  function workdir.ensure()
    ours.file.directory({ path = needed("ensure"), parents = true })
    return true
  end
  workdir.create = workdir.ensure
  function workdir.recreate()
    ours.file.absent({ path = needed("recreate"), recurse = true })
    return workdir.ensure()
  end
  function workdir.cleanup()
    ours.log.warn("the directory " .. needed("cleanup") .. " stays; to remove it: file.absent({path = ..., recurse = true})")
    return true
  end
  return workdir
end

return function(task, path)
  local host = ours.run.host
  local here = host == "local" or host == "localhost"
  return {
    name = callable_text(task.name), task_name = task.name, workdir = workdir_of(task, path),
    agent = not here and host or nil, description = type(task.description) == "string" and task.description or nil,
  }
end
