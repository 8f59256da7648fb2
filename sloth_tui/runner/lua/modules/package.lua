-- package: what the package manager of a host has installed.

local kit, _, system = ...

local concat = table.concat
local find, gmatch, match = string.find, string.gmatch, string.match
local ipairs = ipairs
local fail, quoted = kit.fail, system.quoted

local FIELDS = { name = "string", names = "table", delegate_to = "string" }

-- No versions, patterns, groups, files: they would be another package, or none, in the next run.
local NAME <const> = "^%w[%w+._:-]*$"

-- Prints the tool, then a line for each package it knows of: name, architecture, state.
local LOOK <const> = [[
if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
  echo apt
  dpkg-query -W -f '${Package} ${Architecture} ${db:Status-Status}\n' "$@" 2>/dev/null
  code=$?
  [ $code -le 1 ] || { dpkg-query -W "$@" >/dev/null; exit $code; }
elif command -v dnf >/dev/null && command -v rpm >/dev/null; then
  echo dnf
  rpm -q --qf '%{NAME} %{ARCH} installed\n' "$@"
elif command -v apk >/dev/null; then
  echo apk
  for name in $(apk info -e "$@"); do echo "$name - installed"; done
else
  echo "no apt-get, dnf or apk" >&2
  exit 127
fi
exit 0]]

local ENVIRONMENT = { DEBIAN_FRONTEND = "noninteractive" }
-- A file of the configuration that was changed there stays; to ask, somebody would have to be there to answer.
local APT <const> = " -q -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
local COMMANDS = {
  apt = { present = { "apt-get install -y ", APT }, absent = { "apt-get remove -y ", APT } },
  dnf = { present = { "dnf install -y ", "" }, absent = { "dnf remove -y ", "" } },
  apk = { present = { "apk add ", "" }, absent = { "apk del ", "" } },
  [""] = { present = { "install ", "" }, absent = { "remove ", "" } }, -- in check mode: the tool is still to be made
}

-- States of dpkg in which nothing but files of its configuration is there.
local GONE = { ["not-installed"] = true, ["config-files"] = true }

local function words(names)
  local list = {}
  for index, name in ipairs(names) do list[index] = quoted(name) end
  return concat(list, " ")
end

-- Returns the state of each package by its name, alone and with its architecture. Of several architectures one that
-- is installed counts.
local function states(text)
  local found = {}
  for line in gmatch(text, "[^\n]+") do
    local package, architecture, state = match(line, "^(%S+) (%S+) (%S+)$")
    for _, name in ipairs(package and { package, package .. ":" .. architecture, package .. "." .. architecture } or {}) do
      if found[name] ~= "installed" then found[name] = state end
    end
  end
  return found
end

local function make(call, wanted, differs, word, unmet)
  return function(options)
    local named, listed = system.options(call, options, FIELDS)
    local names = system.names(call, "package", named, listed, NAME)
    for _, name in ipairs(names) do
      -- To apt-get "name-" means: remove it.
      if find(name, "-$") then fail(call .. ": '" .. name .. "' is no name of a package") end
    end
    local tool = ""
    local changed = system.apply(call, {
      kind = "package", names = names, target = named.delegate_to, env = ENVIRONMENT,
      script = "export LC_ALL=C\nset -- " .. words(names) .. "\n" .. LOOK,
      read = function(text)
        tool = match(text, "^(%l+)\n") or ""
        return states(text)
      end,
      differ = function(_, state) return differs(state) and { word } or {} end,
      command = function(missing)
        local before, behind = COMMANDS[tool][wanted][1], COMMANDS[tool][wanted][2]
        return before .. words(missing) .. behind
      end,
      after = function() return wanted == "present" and "installed" end,
      unmet = function(name) return "package '" .. name .. "' " .. unmet end,
    })
    return {
      changed = #changed > 0, predicted = kit.check, what = system.list(#changed > 0 and { word } or {}),
      names = system.list(changed),
    }
  end
end

return {
  present = make("package.present", "present", function(state) return state ~= "installed" end, "installed",
    "is still not installed: is that its own name?"),
  absent = make("package.absent", "absent", function(state) return state and not GONE[state] end, "removed",
    "is still installed"),
}
