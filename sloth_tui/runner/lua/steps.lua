-- How many steps a function of the task may take, whatever coroutines it starts. Returns limited, and create and wrap
-- for coroutines that it counts.

local create, running, wrap = coroutine.create, coroutine.running, coroutine.wrap
local getinfo, sethook = debug.getinfo, debug.sethook
local error, next, pcall, setmetatable = error, next, pcall, setmetatable

local OURS <const> = "=[sloth]"
local MOST_STEPS <const> = 1000000
local BETWEEN <const> = 1000
local TOO_LONG <const> = "it takes too long"

-- Every coroutine that has begun, because each has a hook of its own.
local begun = setmetatable({}, { __mode = "k" })
local left -- steps; nil while nothing is limited

-- Calls are counted too: where the stack is almost used up no hook can run, and only the call that leads there is
-- seen. Once the steps are used up each further one raises, so that no pcall of the task stops that; our own lines
-- do not raise.
local function count(event)
  left = left - (event == "count" and BETWEEN or 10)
  if left > 0 then return end
  sethook(count, "", 1)
  if event == "count" and getinfo(2, "S").source ~= OURS then error(TOO_LONG, 0) end
end

-- pcall(fn, ...) of a limited number of steps.
local function limited(fn, ...)
  left = MOST_STEPS
  for thread in next, begun do sethook(thread, count, "c", BETWEEN) end
  sethook(count, "c", BETWEEN)
  local ok, result = pcall(fn, ...)
  sethook()
  for thread in next, begun do sethook(thread) end
  -- The function may have caught the error.
  if left <= 0 then ok, result = false, TOO_LONG end
  left = nil
  return ok, result
end

-- fn as the body of a coroutine that is counted. It is called in its place, so no traceback shows this.
local function counted(fn)
  return function(...)
    begun[running()] = true
    if left then sethook(count, "c", BETWEEN) end
    return fn(...)
  end
end

return limited, function(fn) return create(counted(fn)) end, function(fn) return wrap(counted(fn)) end
