-- require: Lua files of the task file's own directory, each run once; and our own parts that few files need.

local kit, host = ...

local check_memory, env, fail, load = kit.check_memory, kit.env, kit.fail, kit.compile
local error, gmatch, pack, pcall, select, tostring, type = error, string.gmatch, table.pack, pcall, select, tostring, type

local LOADING <const> = {}
local loaded = { _G = env }
for name in gmatch("coroutine math os string table utf8", "%S+") do loaded[name] = env[name] end

function env.require(...)
  local name = ...
  if type(name) == "number" then name = tostring(name) end
  if type(name) ~= "string" then
    local got = select("#", ...) == 0 and "no value" or type(name)
    fail("bad argument #1 to 'require' (string expected, got " .. got .. ")")
  end
  local known = loaded[name]
  if known == LOADING then fail("require: '" .. name .. "' requires itself") end
  if known ~= nil then return known end
  check_memory()
  local ok, source, chunk_name = host.read_module(name)
  if not ok then
    local lent = kit.lend(name)
    if lent == nil then fail("require: " .. kit.advised_module(name, source)) end
    loaded[name] = lent
    return lent
  end
  local chunk, message = load(source, chunk_name, "t", env)
  if not chunk then error(message, 0) end
  loaded[name] = LOADING
  local results = pack(pcall(chunk, name))
  if not results[1] then
    loaded[name] = nil
    error(results[2], 0)
  end
  if results[2] == nil then results[2] = true end
  loaded[name] = results[2]
  return results[2]
end

-- Returns what fluent/<name>.lua returns, which is run once, when it is first needed.
local parts = {}
function kit.part(name)
  if parts[name] == nil then
    check_memory()
    local ok, source = host.read_part(name)
    if not ok then fail(source) end
    parts[name] = load(source, "=[sloth]", "t")(kit)
  end
  return parts[name]
end

-- What other modules of ours have to say of names that are not there.
function kit.lend() return nil end
function kit.advised(message) return message end
function kit.advised_module(_, message) return message end
