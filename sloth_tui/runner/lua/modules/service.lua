-- service: whether systemd runs a unit, and starts it at boot.

local kit, _, system = ...

local concat = table.concat
local gmatch = string.gmatch
local ipairs = ipairs
local fail, quoted = kit.fail, system.quoted

local FIELDS = { name = "string", enabled = "boolean", delegate_to = "string" }
local NAME <const> = "^[%w_][%w:_.@\\-]*$"

-- What cannot be enabled or disabled, and what to do.
local FIXED = {
  static = "is static: it has nothing to enable; leave enabled out",
  indirect = "is indirect: it has nothing to enable itself; leave enabled out",
  generated = "is generated; leave enabled out",
  transient = "is transient; leave enabled out",
}
local RUNNING = { active = true, reloading = true, refreshing = true }
local STOPPED = { inactive = true, failed = true }
local ENABLED = { enabled = true, ["enabled-runtime"] = true }

-- A unit that is missing is a failure where it is wanted, unless an earlier command may be there to make it.
local function script(name, needed)
  local lines = {
    "export LC_ALL=C SYSTEMD_COLORS=0",
    "command -v systemctl >/dev/null || { echo 'systemctl is not there' >&2; exit 127; }",
    "found=$(systemctl show --no-pager -p LoadState -p ActiveState -p UnitFileState " .. quoted(name) .. ") || exit",
  }
  if needed then
    lines[#lines + 1] = "case $found in *LoadState=not-found*) echo \"there is no service '\"" .. quoted(name)
      .. "\"'\" >&2; exit 127 ;; esac"
  end
  lines[#lines + 1] = "printf '%s\\n' \"$found\""
  return concat(lines, "\n")
end

local function read(name)
  return function(text)
    local facts = {}
    for field, value in gmatch(text, "(%a+)=([^\n]*)") do facts[field] = value end
    return { [name] = facts.LoadState and facts or false }
  end
end

-- Words for what has to be done to a unit file; nothing of it is asked for if wanted is nil.
local function enabling(call, name, facts, wanted)
  if wanted == nil then return nil end
  local state = facts.UnitFileState
  if FIXED[state] then fail(call .. ": service '" .. name .. "' " .. FIXED[state]) end
  if wanted then return state ~= "enabled" and "enabled" or nil end
  return ENABLED[state] and "disabled" or nil
end

local VERBS = { started = "start", stopped = "stop", enabled = "enable", disabled = "disable" }

local function make(call, word, is_so)
  return function(options)
    local named, listed = system.options(call, options, FIELDS)
    local name, enabled = system.name(call, "service", named, listed, NAME), named.enabled
    local needed = word == "started" or enabled == true
    local todo = {}
    local _, what = system.apply(call, {
      kind = "service", names = { name }, target = named.delegate_to,
      script = script(name, needed),
      read = read(name),
      differ = function(_, facts)
        todo = {}
        facts = facts or {}
        if facts.LoadState == "masked" and needed then
          fail(call .. ": service '" .. name .. "' is masked; systemctl unmask " .. name .. " allows it")
        end
        if not is_so(facts.ActiveState or "inactive") then todo[1] = word end
        todo[#todo + 1] = enabling(call, name, facts, enabled)
        return todo
      end,
      command = function()
        local commands = {}
        for index, each in ipairs(todo) do commands[index] = "systemctl " .. VERBS[each] .. " " .. quoted(name) end
        return concat(commands, " && ")
      end,
      after = function(_, facts)
        local state = facts and facts.UnitFileState
        if enabled ~= nil then state = enabled and "enabled" or "disabled" end
        return { LoadState = "loaded", ActiveState = word == "started" and "active" or "inactive", UnitFileState = state }
      end,
      unmet = function(_, left) return "service '" .. name .. "' is still not " .. concat(left, ", ") end,
    })
    return { changed = #what[name] > 0, predicted = kit.check, what = system.list(what[name]) }
  end
end

return {
  running = make("service.running", "started", function(state) return RUNNING[state] end),
  stopped = make("service.stopped", "stopped", function(state) return STOPPED[state] end),
}
