-- What :workdir and :user of a task mean for the commands and files of its function.

local kit = ...

local gsub, find = string.gsub, string.find

local function quoted(text) return "'" .. gsub(text, "'", "'\\''") .. "'" end

-- A command as another user's: at once if it is the same one, by runuser for root, else by sudo without a password.
local function as_user(user, command)
  local shell, name = "/bin/sh -c " .. quoted(command), quoted(user)
  return "if [ \"$(id -un)\" = " .. name .. " ]; then exec " .. shell .. "; fi\n"
    .. "if [ \"$(id -u)\" = 0 ] && command -v runuser >/dev/null; then exec runuser -u " .. name .. " -- " .. shell .. "; fi\n"
    .. "exec sudo -n -u " .. name .. " -- " .. shell
end

local COMMANDS <const> = { command = true, unless = true, onlyif = true }

-- Returns nil if they ask for nothing, else a table: crossing(pairs) changes names and values on their way to the host,
-- owner is whose new files are.
return function(path, user)
  if path == nil and user == nil then return nil end
  if user and not find(user, "^[%w_][%w_.-]*%$?$") then kit.fail("user: '" .. user .. "' is no name of a user") end
  return {
    owner = user,
    crossing = function(pairs)
      local has_cwd, count = false, #pairs
      for index = 1, count, 2 do
        local name = pairs[index]
        if name == "cwd" then has_cwd = true end
        if user and COMMANDS[name] then pairs[index + 1] = as_user(user, pairs[index + 1]) end
      end
      if path and not has_cwd then pairs[count + 1], pairs[count + 2] = "cwd", path end
    end,
  }
end
