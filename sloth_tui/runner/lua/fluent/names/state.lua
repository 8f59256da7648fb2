-- state: more calls, and other arguments, which their types tell apart.

local kit = ...

local fail, ours = kit.fail, kit.ours
local our_state, run = ours.state, ours.run
local find, gsub = string.find, string.gsub
local ipairs, type = ipairs, type

local DEFAULT_SECONDS <const> = 300

local state = {}

-- Locks without a holder belong to the run.
local function holder() return "run " .. run.id end

local function seconds_of(call, seconds)
  if seconds == nil then return DEFAULT_SECONDS end
  if type(seconds) ~= "number" then fail(call .. ": seconds must be a number, got " .. type(seconds)) end
  return seconds
end

-- Forms without a holder, which the module itself asks for.
kit.without_holder = {
  lock = function(name, seconds)
    seconds = seconds_of("state.lock", seconds)
    return our_state.lock(name, holder(), seconds, { wait = seconds })
  end,
  try_lock = function(name, seconds)
    return our_state.try_lock(name, holder(), seconds_of("state.try_lock", seconds))
  end,
  unlock = function(name) return our_state.unlock(name, holder()) end,
  with_lock = function(name, fn, seconds)
    seconds = seconds_of("state.with_lock", seconds)
    return our_state.with_lock(name, holder(), seconds, fn, { wait = seconds })
  end,
}

-- A prefix, which may end in an asterisk.
local function prefix_of(call, pattern)
  if pattern == nil then return "" end
  if type(pattern) ~= "string" then fail(call .. ": pattern must be a string, got " .. type(pattern)) end
  local prefix = gsub(pattern, "%*$", "")
  if find(prefix, "[*?%[]") then fail(call .. ": '" .. pattern .. "': only an asterisk at the end is known") end
  return prefix
end

function state.clear(pattern)
  local prefix = prefix_of("state.clear", pattern)
  return our_state.transaction(function()
    for _, key in ipairs(our_state.keys(prefix)) do our_state.delete(key) end
    return true
  end)
end

state.has = our_state.exists
state.compare_swap = our_state.compare_and_set

function state.append(key, text)
  if type(text) ~= "string" then fail("state.append: value must be a string, got " .. type(text)) end
  return our_state.transaction(function()
    local before = our_state.get(key, "")
    if type(before) ~= "string" then fail("state.append: the value of '" .. key .. "' is a " .. type(before)) end
    our_state.set(key, before .. text)
    return #before + #text
  end)
end

local function list_at(call, key)
  local list = our_state.get(key)
  if list == nil then return kit.ours.json.decode("[]") end
  if type(list) ~= "table" then fail(call .. ": the value of '" .. key .. "' is a " .. type(list)) end
  return list
end

function state.list_push(key, item)
  if item == nil then fail("state.list_push: item must not be nil") end
  return our_state.transaction(function()
    local list = list_at("state.list_push", key)
    list[#list + 1] = item
    our_state.set(key, list)
    return #list
  end)
end

function state.list_pop(key)
  return our_state.transaction(function()
    local list = list_at("state.list_pop", key)
    local item = list[#list]
    if item == nil then return nil end
    list[#list] = nil
    our_state.set(key, list)
    return item
  end)
end

function state.list_length(key) return #list_at("state.list_length", key) end

function state.set_ttl(key, seconds) return our_state.expire(key, seconds) end
function state.set_with_ttl(key, value, seconds) return our_state.set(key, value, { ttl = seconds }) end

-- Seconds left; -1 for an entry without a time to live, -2 for none, as there.
function state.get_ttl(key)
  local left = our_state.ttl(key)
  if left ~= nil then return left end
  return our_state.exists(key) and -1 or -2
end

function state.stats() fail("state.stats is not in this program; call sloth-runner state stats") end

return state
