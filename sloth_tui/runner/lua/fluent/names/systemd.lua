-- systemd: units of the host, by systemctl.

local kit = ...

local fail, ours = kit.fail, kit.ours
local results = kit.part("names/results")
local cmd, service = ours.cmd, ours.service
local find, match = string.find, string.match
local rawget, type = rawget, type

local function name_of(call, options)
  local name = type(options) == "table" and rawget(options, "name") or options
  if type(name) ~= "string" or not find(name, "^[%w_][%w:_.@\\-]*$") then fail("systemd." .. call .. ": needs the name of a unit") end
  return name
end

local systemd = {}

function systemd.start(options)
  return results.of("started", service.running, { name = name_of("start", options) })
end

function systemd.stop(options)
  return results.of("stopped", service.stopped, { name = name_of("stop", options) })
end

local function quoted(name) return "'" .. name .. "'" end

local function acting(verb, word, unless)
  systemd[verb] = function(options)
    local name = quoted(name_of(verb, options))
    return results.of(word, cmd, {
      command = "systemctl " .. verb .. " " .. name, unless = unless and unless .. " " .. name .. " >/dev/null 2>&1" or nil,
    })
  end
end

acting("enable", "enabled", "systemctl is-enabled --quiet")
acting("disable", "disabled", "! systemctl is-enabled --quiet")
acting("restart", "restarted")
acting("reload", "reloaded")

function systemd.daemon_reload() return results.of("reloaded", cmd, "systemctl daemon-reload") end

-- Returns whether it is so, and systemctl's word for it.
local function asking(verb)
  local call = "is_" .. verb
  systemd[call] = function(options)
    local asked = kit.ask("systemctl is-" .. verb .. " " .. quoted(name_of(call, options)))
    local word = match(asked.stdout, "^(%S+)")
    return asked.success, word or match(asked.stderr, "^([^\n]+)") or "unknown"
  end
end

asking("active")
asking("enabled")
asking("failed")

function systemd.status(options)
  local asked = kit.ask("systemctl status --no-pager " .. quoted(name_of("status", options)))
  -- 3: it is not running, and that is its status.
  if asked.exit_code == 0 or asked.exit_code == 3 then return asked.stdout end
  return nil, match(asked.stderr, "^([^\n]+)") or "exit code " .. asked.exit_code
end

return results.module("systemd", systemd, {
  "use service.running, service.stopped, or cmd with systemctl",
  create_service = "write the unit with file.write, then call systemd.daemon_reload()",
  remove_service = "remove the unit with file.absent, then call systemd.daemon_reload()",
  list_services = "use cmd(\"systemctl list-units --type=service\").stdout",
})
