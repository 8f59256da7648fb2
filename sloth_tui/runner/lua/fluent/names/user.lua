-- user: more of accounts, beside user.present and user.absent.

local kit = ...

local check_fields, fail, ours = kit.check_fields, kit.fail, kit.ours
local results = kit.part("names/results")
local cmd, present, absent = ours.cmd, ours.user.present, ours.user.absent
local ask = kit.ask
local find, gmatch, match = string.find, string.gmatch, string.match
local next, rawget, tonumber, type = next, rawget, tonumber, type

local FIELDS <const> = {
  username = "string", name = "string", password = "string", uid = "number or string", gid = "number or string", group = "string",
  groups = "string or table", home = "string", shell = "string", comment = "string", system = "boolean",
  create_home = "boolean", delegate_to = "string",
}

local function check_name(call, name)
  if type(name) ~= "string" or not find(name, "^[%a_][%w_.-]*$") then fail("user." .. call .. ": needs a name") end
  return name
end

local function list_of(groups)
  if type(groups) ~= "string" then return groups end
  local list = {}
  for name in gmatch(groups, "[^,%s]+") do list[#list + 1] = name end
  return list
end

-- Returns the fields of user.present.
local function wanted(call, name, options)
  if type(name) == "table" then options, name = name, nil end
  check_fields("user." .. call, options or {}, FIELDS)
  local fields = {}
  for field, value in next, options or {} do fields[field] = value end
  if fields.password ~= nil then
    fail("user." .. call .. ": a password is not set here; use cmd({command = \"chpasswd\", stdin = ...})")
  end
  fields.name = check_name(call, name or fields.name or fields.username)
  fields.username, fields.uid = nil, fields.uid and tonumber(fields.uid)
  fields.groups = list_of(fields.groups)
  if fields.gid ~= nil then
    if tonumber(fields.gid) then fail("user." .. call .. ": name the group: group = NAME instead of gid") end
    fields.group, fields.gid = fields.gid, nil
  end
  return fields
end

local user = {}

function user.create(name, options) return results.of("created", present, wanted("create", name, options)) end
function user.modify(name, options) return results.of("modified", present, wanted("modify", name, options)) end

function user.delete(name, remove_home)
  if type(remove_home) == "table" then remove_home = rawget(remove_home, "remove_home") end
  return results.of("deleted", absent, { name = check_name("delete", name), remove_home = remove_home or nil })
end
user.remove = user.delete

function user.add_to_group(name, group)
  return results.of("added", present, { name = check_name("add_to_group", name), groups = { check_name("add_to_group", group) } })
end

function user.exists(name) return ask("getent passwd " .. check_name("exists", name) .. " >/dev/null").success end
function user.group_exists(name) return ask("getent group " .. check_name("group_exists", name) .. " >/dev/null").success end

function user.group_create(name, options)
  check_fields("user.group_create", options or {}, { gid = "number or string", system = "boolean" })
  local group = check_name("group_create", name)
  local gid = options and options.gid
  if gid and not tonumber(gid) then fail("user.group_create: gid must be a number") end
  local words = gid and " -g " .. math.tointeger(tonumber(gid)) or ""
  if options and options.system then words = words .. " -r" end
  return results.of("created", cmd, {
    command = "groupadd" .. words .. " " .. group, unless = "getent group " .. group .. " >/dev/null",
  })
end

local function line_of(name)
  return match(ask("getent passwd " .. name).stdout, "^([^\n]+)")
end

-- Returns what is known of an account, or nil and why.
function user.get_info(name)
  local line = line_of(check_name("get_info", name))
  if not line then return nil, "there is no user '" .. name .. "'" end
  local uid, gid, comment, home, shell = match(line, "^[^:]*:[^:]*:(%d+):(%d+):([^:]*):([^:]*):([^:]*)$")
  return { username = name, name = name, uid = uid, gid = gid, comment = comment, home = home, shell = shell }
end

for call, field in next, { get_uid = "uid", get_gid = "gid", get_home = "home", get_shell = "shell", get_comment = "comment" } do
  user[call] = function(name)
    local info, why = user.get_info(check_name(call, name))
    return info and info[field], why
  end
end

function user.get_groups(name)
  local asked = ask("id -Gn " .. check_name("get_groups", name))
  if not asked.success then return nil, "there is no user '" .. name .. "'" end
  local groups = {}
  for group in gmatch(asked.stdout, "%S+") do groups[#groups + 1] = group end
  return groups
end

function user.get_current() return user.get_info(match(ask("id -un").stdout, "^(%S+)") or "nobody") end
function user.is_root() return match(ask("id -u").stdout, "^(%S+)") == "0" end

local INSTEAD <const> = {
  set_password = "use cmd({command = \"chpasswd\", stdin = ...})",
  lock = "use cmd(\"usermod -L NAME\")", unlock = "use cmd(\"usermod -U NAME\")",
  is_locked = "use cmd(\"passwd -S NAME\").stdout", expire_password = "use cmd(\"chage -d 0 NAME\")",
  list = "use cmd(\"getent passwd\").stdout", group_members = "use cmd(\"getent group NAME\").stdout",
  group_delete = "use cmd(\"groupdel NAME\")", remove_from_group = "use cmd(\"gpasswd -d NAME GROUP\")",
  list_groups = "use cmd(\"getent group\").stdout", set_shell = "use user.present({name = ..., shell = ...})",
  set_home = "use user.present({name = ..., home = ...})", set_comment = "use user.present({name = ..., comment = ...})",
  validate_username = "leave it out: user.present refuses what is no name", is_system_user = "use user.get_uid(NAME)",
  run_as = "use :user(NAME) of the task",
}

for name, instead in next, INSTEAD do
  user[name] = function() fail("user." .. name .. " is not in this program; " .. instead) end
end

return user
