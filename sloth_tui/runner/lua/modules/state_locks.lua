-- Locks, for the state module.

local kit, host, state = ...

local check_memory, fail = kit.check_memory, kit.fail
local check, answer, attempt = kit.state_calls.check, kit.state_calls.answer, kit.state_calls.attempt
local error, next, type, unpack = error, next, type, table.unpack

local function lock_arguments(call, name, holder, seconds, options)
  check(call, "name", name, "string")
  check(call, "holder", holder, "string")
  check(call, "seconds", seconds, "number")
  local wait = 0
  if options ~= nil then
    check(call, "options", options, "table")
    for option in next, options do
      if option ~= "wait" then fail(call .. ": unknown option '" .. kit.text_of(option) .. "'; there is: wait") end
    end
    wait = options.wait or 0
    check(call, "options.wait", wait, "number")
  end
  check_memory()
  return wait
end

-- The forms without a holder, told apart by their types.
local function without_holder(call)
  kit.part("names/state")
  return kit.without_holder[call]
end

function state.lock(name, holder, seconds, options)
  if type(holder) == "number" and seconds == nil then return without_holder("lock")(name, holder) end
  local wait = lock_arguments("state.lock", name, holder, seconds, options)
  return true, answer("state.lock", host.acquire(name, holder, seconds, wait, false, false))
end

function state.try_lock(name, holder, seconds, options)
  if type(holder) == "number" and seconds == nil then return without_holder("try_lock")(name, holder) end
  local wait = lock_arguments("state.try_lock", name, holder, seconds, options)
  local ok, token, held_by = host.acquire(name, holder, seconds, wait, false, true)
  if ok then return true, token end
  if held_by == nil then fail("state.try_lock: " .. token) end
  return false, held_by
end

function state.unlock(name, holder)
  if holder == nil then return without_holder("unlock")(name) end
  check("state.unlock", "name", name, "string")
  check("state.unlock", "holder", holder, "string")
  check_memory()
  return answer("state.unlock", host.release(name, holder))
end

function state.renew(name, holder, seconds)
  check("state.renew", "name", name, "string")
  check("state.renew", "holder", holder, "string")
  check("state.renew", "seconds", seconds, "number")
  check_memory()
  return answer("state.renew", host.renew(name, holder, seconds))
end

function state.with_lock(name, holder, seconds, fn, options)
  if type(holder) == "function" and fn == nil then return without_holder("with_lock")(name, holder, seconds) end
  check("state.with_lock", "fn", fn, "function")
  local wait = lock_arguments("state.with_lock", name, holder, seconds, options)
  local token = answer("state.with_lock", host.acquire(name, holder, seconds, wait, true, false))
  local results = attempt("state.with_lock", fn)
  local released, message = host.end_lock(name, holder, token)
  if not results[1] then error(results[2], 0) end
  if not released then fail("state.with_lock: " .. message) end
  return unpack(results, 2, results.n)
end

function state.is_locked(name)
  check("state.is_locked", "name", name, "string")
  check_memory()
  return answer("state.is_locked", host.is_locked(name))
end
