-- Names that files written for the Go program use. They are there for a file that asks for one, and load nothing until
-- then: see fluent/.

local kit = ...

local env, part = kit.env, kit.part
local find, rawset, setmetatable, type = string.find, rawset, setmetatable, type

-- Our own modules, whatever task code makes of their names.
kit.ours = {
  cmd = env.cmd, crypto = env.crypto, file = env.file, json = env.json, log = env.log, package = env.package, print = env.print,
  run = env.run, service = env.service, state = env.state, template = env.template, user = env.user, values = env.values,
}

-- Globals, and the part that each is made by.
local GLOBALS <const> = {
  workflow = "workflow", exec = "names/exec", file_ops = "names/file_ops", fs = "names/fs", pkg = "names/pkg",
  systemd = "names/systemd", data = "names/data", stack = "names/stack",
}
local ALIASES <const> = { Values = env.values, unpack = env.table.unpack }

-- Fields of modules that are there anyway, and the part that has more of them.
local FIELDS <const> = { log = "names/log", state = "names/state", user = "names/user" }

-- Lets a table have more names: more(name) returns the value of one, or nil.
local function lend(t, more)
  local metatable = {
    __index = function(asked, name)
      local value = more(name)
      if value ~= nil and asked == t then rawset(t, name, value) end
      return value
    end,
  }
  kit.lending[metatable] = true
  setmetatable(t, metatable)
end

lend(env, function(name)
  if GLOBALS[name] then return part(GLOBALS[name]) end
  return ALIASES[name]
end)

for name, file in next, FIELDS do
  lend(env[name], function(field) return part(file)[field] end)
end

-- The module that require gives where no file of that name is beside the task file.
local MODULES <const> = {
  exec = true, file_ops = true, fs = true, pkg = true, systemd = true, data = true, log = true, state = true, user = true,
}

function kit.lend(name)
  if MODULES[name] then return env[name] end
end

function kit.advised(message)
  if not find(message, "attempt to ", 1, true) then return message end
  return part("names/advice").on_error(message)
end

function kit.advised_module(name, message)
  return part("names/advice").on_module(name, message)
end
