-- The order in which pairs walks tables of ours: kit.sorted is a metatable for a walk by key; kit.keep_order(t, names)
-- makes t remember an order, and kit.in_file_order(t, names) puts names into it.

local kit = ...

local ipairs, next, rawget, setmetatable, type = ipairs, next, rawget, setmetatable, type
local sort = table.sort

-- Pairs in the order of their keys, so that a walk is the same each time: numbers, then text.
local function in_order(a, b)
  local kind_a, kind_b = type(a), type(b)
  if kind_a == kind_b then return a < b end
  return kind_a == "number"
end

-- Walks the keys that are still there when their turn comes.
local function walk_of(t, keys)
  local index = 0
  return function()
    while keys[index + 1] ~= nil do
      index = index + 1
      local value = rawget(t, keys[index])
      if value ~= nil then return keys[index], value end
    end
  end
end

local function sorted_pairs(t)
  local keys, count = {}, 0
  for key in next, t do
    local kind = type(key)
    if kind ~= "string" and kind ~= "number" then return next, t, nil end
    count = count + 1
    keys[count] = key
  end
  sort(keys, in_order)
  return walk_of(t, keys)
end

-- Tables that were read from a file remember the order of its keys. What was added since follows by name.
local orders = setmetatable({}, { __mode = "k" })

-- The names of t in that order; by name where t has none to remember.
local function in_file_order(t, names)
  local order = orders[t]
  sort(names)
  if not order then return names end
  local there, ordered = {}, {}
  for _, name in ipairs(names) do there[name] = true end
  for _, name in ipairs(order) do
    if there[name] then
      ordered[#ordered + 1] = name
      there[name] = nil
    end
  end
  for _, name in ipairs(names) do
    if there[name] then ordered[#ordered + 1] = name end
  end
  return ordered
end

local function ordered_pairs(t)
  local names = {}
  for key in next, t do
    if type(key) ~= "string" then return sorted_pairs(t) end
    names[#names + 1] = key
  end
  return walk_of(t, in_file_order(t, names))
end

local in_order_of_file = { __pairs = ordered_pairs, __metatable = false }

-- Returns t. metatable: another one, with the same __pairs.
local function keep_order(t, order, metatable)
  orders[setmetatable(t, metatable or in_order_of_file)] = order
  return t
end

kit.ordered_pairs = ordered_pairs
kit.sorted = { __pairs = sorted_pairs, __metatable = false }
kit.in_file_order, kit.keep_order = in_file_order, keep_order
