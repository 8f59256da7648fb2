-- user: accounts of a host, by getent, useradd, usermod and userdel.

local kit, _, system = ...

local concat = table.concat
local find, gmatch, match = string.find, string.gmatch, string.match
local ipairs, tostring = ipairs, tostring
local tointeger = math.tointeger
local fail, list_of_texts, quoted = kit.fail, kit.list_of_texts, system.quoted

local FIELDS = {
  name = "string", uid = "number", group = "string", groups = "table", home = "string", create_home = "boolean",
  shell = "string", comment = "string", system = "boolean", delegate_to = "string",
}
local ABSENT_FIELDS = { name = "string", remove_home = "boolean", delegate_to = "string" }
local NAME <const> = "^[%a_][%w_.-]*$"
local LARGEST_UID <const> = 0xFFFFFFFE

-- Prints the line of the user, if there is one, and those of the groups that a call names.
local LOOK <const> = [[
export LC_ALL=C
command -v getent >/dev/null || { echo 'getent is not there' >&2; exit 127; }
line=$(getent passwd "$name")
case $? in
  0) printf 'passwd %s\n' "$line" ;;
  2) echo absent ;;
  *) exit 1 ;;
esac
for group do
  found=$(getent group "$group") || { echo "there is no group '$group'" >&2; exit 127; }
  printf 'group %s\n' "$found"
done]]
local PRIMARY <const> = [[

if [ -n "$line" ]; then
  rest=${line#*:*:*:}
  printf 'primary %s\n' "$(getent group "${rest%%:*}")"
fi]]

local function check_path(call, field, path)
  if path ~= nil and not find(path, "^/[^:%c]*$") then
    fail(call .. ": " .. field .. " must be an absolute path without ':'")
  end
end

local function checked(call, options)
  local named, listed = system.options(call, options, FIELDS)
  local wanted = {
    name = system.name(call, "user", named, listed, NAME), group = named.group, home = named.home, shell = named.shell,
    comment = named.comment, create_home = named.create_home, system = named.system, target = named.delegate_to,
    groups = named.groups and list_of_texts(call .. ": groups", named.groups, "names") or {},
  }
  if named.uid ~= nil then
    local uid = tointeger(named.uid)
    if not uid or uid < 0 or uid > LARGEST_UID then fail(call .. ": uid must be a whole number from 0 to " .. LARGEST_UID) end
    wanted.uid = tostring(uid)
  end
  if wanted.group then system.check_name(call, "group", wanted.group, NAME) end
  for _, group in ipairs(wanted.groups) do system.check_name(call, "group", group, NAME) end
  check_path(call, "home", wanted.home)
  check_path(call, "shell", wanted.shell)
  if wanted.comment and find(wanted.comment, "[:%c]") then
    fail(call .. ": comment must not contain ':' or control characters")
  end
  return wanted
end

local function script(wanted)
  local words = { "set --" }
  for _, group in ipairs(wanted.groups) do words[#words + 1] = quoted(group) end
  words[#words + 1] = wanted.group and quoted(wanted.group)
  return concat(words, " ") .. "\nname=" .. quoted(wanted.name) .. "\n" .. LOOK .. (wanted.group and PRIMARY or "")
end

-- Returns the user as a table, and in it by name the groups that were asked for.
local function read(name)
  return function(text)
    local uid, gid, comment, home, shell = match(text, "^passwd [^:]*:[^:]*:(%d+):(%d+):([^:]*):([^:]*):([^:\n]*)\n")
    if not uid then return { [name] = false } end
    local facts = { uid = uid, comment = comment, home = home, shell = shell, group = gid, groups = {} }
    for group, number, members in gmatch(text, "\ngroup ([^:]*):[^:]*:(%d+):([^\n]*)") do
      facts.groups[group] = number == gid
      for member in gmatch(members, "[^,]+") do
        if member == name then facts.groups[group] = true end
      end
    end
    facts.group = match(text, "\nprimary ([^:\n]*)") or gid
    return { [name] = facts }
  end
end

local function differences(wanted, facts)
  if not facts then return { "created" } end
  local what = {}
  for _, field in ipairs({ "uid", "group", "home", "shell" }) do
    if wanted[field] and wanted[field] ~= facts[field] then
      what[#what + 1] = field .. " " .. facts[field] .. " -> " .. wanted[field]
    end
  end
  if wanted.comment and wanted.comment ~= facts.comment then what[#what + 1] = "comment" end
  for _, group in ipairs(wanted.groups) do
    if not facts.groups[group] then what[#what + 1] = "added to " .. group end
  end
  return what
end

-- Returns the arguments that useradd and usermod have in common, for what differs.
local function arguments(wanted, facts)
  local words = {}
  for _, pair in ipairs({ { "u", "uid" }, { "g", "group" }, { "d", "home" }, { "s", "shell" }, { "c", "comment" } }) do
    local option, field = pair[1], pair[2]
    if wanted[field] and not (facts and facts[field] == wanted[field]) then
      words[#words + 1] = "-" .. option .. " " .. quoted(wanted[field])
    end
  end
  local missing = {}
  for _, group in ipairs(wanted.groups) do
    if not (facts and facts.groups[group]) then missing[#missing + 1] = group end
  end
  if #missing > 0 then words[#words + 1] = (facts and "-a " or "") .. "-G " .. concat(missing, ",") end
  return words
end

local function command(wanted, facts)
  local words = arguments(wanted, facts)
  if not facts then
    if wanted.system then words[#words + 1] = "-r" end
    if wanted.create_home ~= nil then words[#words + 1] = wanted.create_home and "-m" or "-M" end
  end
  words[#words + 1] = wanted.name
  return (facts and "usermod " or "useradd ") .. concat(words, " ")
end

local function after(wanted, facts)
  local to = { groups = {} }
  for _, field in ipairs({ "uid", "group", "home", "shell", "comment" }) do
    to[field] = wanted[field] or facts and facts[field] or ""
  end
  for _, group in ipairs(wanted.groups) do to.groups[group] = true end
  return to
end

local user = {}

local function result(what)
  return { changed = #what > 0, predicted = kit.check, what = system.list(what) }
end

function user.present(options)
  local call = "user.present"
  local wanted = checked(call, options)
  local name = wanted.name
  local _, what = system.apply(call, {
    kind = "user", names = { name }, target = wanted.target,
    script = script(wanted),
    read = read(name),
    differ = function(_, facts) return differences(wanted, facts) end,
    command = function(_, found) return command(wanted, found[name]) end,
    after = function(_, facts) return after(wanted, facts) end,
    unmet = function(_, left) return "user '" .. name .. "' is still to be: " .. concat(left, ", ") end,
  })
  return result(what[name])
end

function user.absent(options)
  local call = "user.absent"
  local named, listed = system.options(call, options, ABSENT_FIELDS)
  local name = system.name(call, "user", named, listed, NAME)
  if name == "root" then fail(call .. ": 'root' is not removed") end
  local _, what = system.apply(call, {
    kind = "user", names = { name }, target = named.delegate_to,
    script = script({ name = name, groups = {} }),
    read = read(name),
    differ = function(_, facts) return facts and { "removed" } or {} end,
    command = function() return "userdel " .. (named.remove_home and "-r " or "") .. name end,
    after = function() return false end,
    unmet = function() return "user '" .. name .. "' is still there" end,
  })
  return result(what[name])
end

return user
