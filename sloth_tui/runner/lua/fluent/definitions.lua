-- Definitions of tasks: what builders, and tables in the list of a workflow, say. And words that both need.

local kit = ...

local fail = kit.fail
local concat, ipairs, math_type, next, setmetatable, sort, sub, type, utf8_len =
  table.concat, ipairs, math.type, next, setmetatable, table.sort, string.sub, type, utf8.len

local by_builder = setmetatable({}, { __mode = "k" })
local all = {}

local definitions = { all = all }

-- Tasks of both forms and workflows in the order in which they were defined.
kit.defined = kit.take_back()
kit.finish = function() kit.part("finish")() end

local function new(name)
  local file, line = kit.caller()
  return { name = name, file = file, line = line, needs = {}, workflows = {} }
end

function definitions.add(builder, name)
  local definition = new(name)
  by_builder[builder] = definition
  all[#all + 1] = definition
  kit.defined[#kit.defined + 1] = definition
  return definition
end

-- Returns a definition that no builder has.
function definitions.new(name)
  local definition = new(name)
  all[#all + 1] = definition
  return definition
end

function definitions.of(builder)
  return type(builder) == "table" and by_builder[builder] or nil
end

-- Returns a list with its length n. Raises for a hole: that is a variable that is nil.
function definitions.entries(call, list)
  local last, count = 0, 0
  for key in next, list do
    if math_type(key) ~= "integer" or key < 1 then fail(call .. ": needs a list, and one of its keys is a " .. type(key)) end
    if key > last then last = key end
    count = count + 1
  end
  if count < last then
    for index = 1, last do
      if list[index] == nil then fail(call .. ": entry " .. index .. " is nil: is its name written as above?") end
    end
  end
  local entries = { n = last }
  for index = 1, last do entries[index] = list[index] end
  return entries
end

-- How many letters differ, at most: as many as there are more of in one than in the other, and those that are not alike.
local function distance(a, b)
  local before = {}
  for j = 0, #b do before[j] = j end
  for i = 1, #a do
    local row = { [0] = i }
    for j = 1, #b do
      local cost = sub(a, i, i) == sub(b, j, j) and 0 or 1
      local least = before[j - 1] + cost
      if before[j] + 1 < least then least = before[j] + 1 end
      if row[j - 1] + 1 < least then least = row[j - 1] + 1 end
      row[j] = least
    end
    before = row
  end
  return before[#b]
end

-- Words for a name that is not known: the nearest of those that are, or all.
function definitions.did_you_mean(name, known)
  local names = {}
  for each in next, known do names[#names + 1] = each end
  sort(names)
  if type(name) == "string" and #name <= 40 and utf8_len(name) then
    local nearest, least = nil, 3
    for _, each in ipairs(names) do
      local found = distance(name, each)
      if found < least then nearest, least = each, found end
    end
    if nearest then return "; did you mean '" .. nearest .. "'?" end
  end
  return "; there are: " .. concat(names, ", ")
end

return definitions
