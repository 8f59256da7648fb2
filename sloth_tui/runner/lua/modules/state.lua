-- The state module. The host's functions answer `true, ...` or `false, message`; raising with the position
-- of the task's own line happens here. Tables cross as JSON text, with true as a last argument.

local kit, host = ...

local check_memory, fail, json_encode, json_decode = kit.check_memory, kit.fail, kit.json_encode, kit.json_decode
local error, ipairs, next, rawget, setmetatable, type, xpcall = error, ipairs, next, rawget, setmetatable, type, xpcall
local pack, unpack = table.pack, table.unpack
local host_get, host_set = host.get, host.set

local state = {}

local function check(call, argument, value, wanted)
  if type(value) ~= wanted then
    fail(call .. ": " .. argument .. " must be a " .. wanted .. ", got " .. type(value))
  end
end

local function encoded(call, value)
  local kind = type(value)
  if kind == "string" or kind == "number" or kind == "boolean" then return value, false end
  if kind ~= "table" then fail(call .. ": value must not be " .. (kind == "nil" and "nil" or "a " .. kind)) end
  local text, wrong = json_encode(value, "value")
  if not text then fail(call .. ": " .. wrong) end
  return text, true
end

local function decoded(value, is_json)
  if not is_json then return value end
  local ok, table_value = json_decode(value)
  if not ok then fail("state: stored table cannot be read: " .. table_value) end
  return table_value
end

-- Returns what a host function returned after its `true`, or raises its message.
local function answer(call, ok, ...)
  if not ok then fail(call .. ": " .. (...)) end
  return ...
end

function state.get(key, default)
  check_memory()
  local ok, value, is_json = host_get(key)
  if not ok then fail("state.get: " .. value) end
  if value == nil then return default end
  if is_json then return decoded(value, true) end
  return value
end

-- Checks the options of a call, and returns ttl (nil without one) and keep_ttl.
local function limits(call, options, may_keep)
  check(call, "options", options, "table")
  for option in next, options do
    if option ~= "ttl" and not (may_keep and option == "keep_ttl") then
      local known = may_keep and "; there are: ttl, keep_ttl" or "; there is: ttl"
      fail(call .. ": unknown option '" .. kit.text_of(option) .. "'" .. known)
    end
  end
  local ttl, keep = rawget(options, "ttl"), rawget(options, "keep_ttl")
  if ttl ~= nil then check(call, "options.ttl", ttl, "number") end
  if keep ~= nil then check(call, "options.keep_ttl", keep, "boolean") end
  if ttl ~= nil and keep then fail(call .. ": ttl and keep_ttl exclude each other") end
  return ttl, keep
end

function state.set(key, value, options)
  local kind = type(value)
  local is_json = false
  if kind ~= "string" then value, is_json = encoded("state.set", value) end
  local ttl, keep
  if type(options) == "number" then ttl = options -- as files of the Go program have it
  elseif options ~= nil then ttl, keep = limits("state.set", options, true) end
  check_memory()
  local ok, message = host_set(key, value, is_json, ttl, keep)
  if not ok then fail("state.set: " .. message) end
  return true
end

function state.exists(key)
  check_memory()
  return answer("state.exists", host.exists(key))
end

function state.delete(key)
  check_memory()
  return answer("state.delete", host.delete(key))
end

-- Calls each(key, value, is_json) for all entries of the prefix, in batches the host chooses.
local function walk(call, prefix, with_values, each)
  if prefix == nil then prefix = "" end
  check(call, "prefix", prefix, "string")
  check_memory()
  answer(call, host.walk(prefix, with_values))
  repeat
    check_memory()
    local batch = pack(answer(call, host.walk_next()))
    for index = 1, batch.n, 3 do each(batch[index], batch[index + 1], batch[index + 2]) end
  until batch.n == 0
end

function state.list(prefix)
  local list = setmetatable({}, kit.sorted)
  walk("state.list", prefix, true, function(key, value, is_json) list[key] = decoded(value, is_json) end)
  return list
end

function state.keys(prefix)
  local keys, count = {}, 0
  walk("state.keys", prefix, false, function(key)
    count = count + 1
    keys[count] = key
  end)
  return keys
end

function state.increment(key, n)
  if n == nil then n = 1 end
  check("state.increment", "n", n, "number")
  check_memory()
  return answer("state.increment", host.increment(key, n))
end

function state.decrement(key, n)
  if n == nil then n = 1 end
  check("state.decrement", "n", n, "number")
  if n == math.mininteger then fail("state.decrement: n is too large") end
  check_memory()
  return answer("state.decrement", host.increment(key, -n))
end

function state.set_if_absent(key, value, options)
  local sent, is_json = encoded("state.set_if_absent", value)
  local ttl
  if options ~= nil then ttl = limits("state.set_if_absent", options) end
  check_memory()
  return answer("state.set_if_absent", host.set_if_absent(key, sent, is_json, ttl))
end

function state.ttl(key)
  check_memory()
  return answer("state.ttl", host.ttl(key))
end

function state.expire(key, seconds)
  check("state.expire", "seconds", seconds, "number")
  check_memory()
  return answer("state.expire", host.set_ttl(key, seconds))
end

function state.persist(key)
  check_memory()
  return answer("state.persist", host.set_ttl(key, nil))
end

function state.compare_and_set(key, old, new, options)
  local sent_old, old_is_json
  if old ~= nil then sent_old, old_is_json = encoded("state.compare_and_set", old) end
  local sent_new, new_is_json = encoded("state.compare_and_set", new)
  local ttl
  if options ~= nil then ttl = limits("state.compare_and_set", options) end
  check_memory()
  return answer(
    "state.compare_and_set", host.compare_and_set(key, sent_old, old_is_json, sent_new, new_is_json, ttl)
  )
end

-- Calls fn; returns a pack of true and its results, or of false and its error.
local function attempt(call, fn, ...)
  check(call, "fn", fn, "function")
  return pack(xpcall(fn, kit.note_error, ...))
end

function state.transaction(fn)
  check("state.transaction", "fn", fn, "function")
  check_memory()
  local depth = answer("state.transaction", host.begin())
  local results = attempt("state.transaction", fn)
  if not results[1] then
    host.rollback(depth)
    error(results[2], 0)
  end
  answer("state.transaction", host.commit(depth))
  return unpack(results, 2, results.n)
end

-- Checksums ---------------------------------------------------------------------------------------

-- What is tracked, as the host's function takes it: its kind, and texts or paths.
local function tracked(what)
  if type(what) == "string" then return "text", what end
  local forms = "a text, { file = path } or { files = pattern }"
  if type(what) ~= "table" then fail("state.track: what must be " .. forms .. ", got " .. type(what)) end
  local file, files = rawget(what, "file"), rawget(what, "files")
  for field in next, what do
    if field ~= "file" and field ~= "files" then
      fail("state.track: unknown field '" .. kit.text_of(field) .. "'; there are: file, files")
    end
  end
  if (file == nil) == (files == nil) then fail("state.track: what must be " .. forms) end
  if file ~= nil then
    check("state.track", "file", file, "string")
    return "file", file
  end
  if type(files) == "string" then return "files", files end
  check("state.track", "files", files, "table")
  local patterns = kit.list_of_texts("state.track: files", files, "patterns")
  if #patterns == 0 then fail("state.track: files must not be empty") end
  return "files", unpack(patterns)
end

function state.track(key, what, fn)
  check("state.track", "key", key, "string")
  if fn ~= nil then check("state.track", "fn", fn, "function") end
  check_memory()
  local changed, old, new = answer("state.track", host.track(key, fn == nil, tracked(what)))
  if changed and fn ~= nil then
    local results = attempt("state.track", fn)
    if not results[1] then error(results[2], 0) end
    if results[2] == false then
      fail("state.track: " .. (type(results[3]) == "string" and results[3] or "fn returned false"))
    end
    answer("state.track", host.set(key, new, false))
  end
  return changed, old, new
end

-- History -----------------------------------------------------------------------------------------

local FIELDS = { "revision", "at", "operation", "secret", "author", "program", "title", "run", "task" }
local WIDTH = #FIELDS + 4 -- the old and the new value follow, each with its is_json

function state.history(key, limit)
  check("state.history", "key", key, "string")
  if limit ~= nil then check("state.history", "limit", limit, "number") end
  check_memory()
  answer("state.history", host.history(key, limit))
  local changes, count = {}, 0
  repeat
    check_memory()
    local batch = pack(answer("state.history", host.history_next()))
    for start = 0, batch.n - 1, WIDTH do
      local change = {}
      for index, field in ipairs(FIELDS) do change[field] = batch[start + index] end
      change.old = decoded(batch[start + WIDTH - 3], batch[start + WIDTH - 2])
      change.new = decoded(batch[start + WIDTH - 1], batch[start + WIDTH])
      count = count + 1
      changes[count] = change
    end
  until batch.n == 0
  return changes
end

function state.revision()
  check_memory()
  return answer("state.revision", host.revision())
end

kit.state_calls = { check = check, answer = answer, attempt = attempt }

return state
