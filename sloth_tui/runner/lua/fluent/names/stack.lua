-- stack("name"): what the changes of a run are called in the history. The state is that of --agent.

local kit = ...

local fail = kit.fail
local setmetatable, tostring, type = setmetatable, tostring, type

local name

local stack = {}

function stack.get_name() return name end

return setmetatable(stack, {
  __metatable = false,
  __call = function(_, given)
    if type(given) ~= "string" or given == "" then fail("stack: needs a name, got " .. (given == "" and "none" or type(given))) end
    local ok, why = kit.entitle(given)
    if not ok then fail("stack: " .. why) end
    name = given
  end,
  __index = function(_, missing)
    return function() fail("stack." .. tostring(missing) .. " is not in this program; use state.set and state.get") end
  end,
})
