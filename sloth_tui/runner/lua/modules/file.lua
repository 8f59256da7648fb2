-- file: what is wanted at a path, and reading. Functions of one path take it alone or as a field of a table.

local kit, host = ...

local check_memory, fail = kit.check_memory, kit.fail
local byte, find, sub = string.byte, string.find, string.sub
local concat, pack, unpack = table.concat, table.pack, table.unpack
local ipairs, next, pcall, rawget, setmetatable, type = ipairs, next, pcall, rawget, setmetatable, type

local function fields(...)
  local known = { delegate_to = "string" }
  for _, group in ipairs({ ... }) do
    for name, wanted in next, group do known[name] = wanted end
  end
  return known
end

local OWNED = { owner = "string", group = "string" }
local ATTRIBUTES = fields(OWNED, { mode = "string" })
local CONTENT = fields(ATTRIBUTES, { validate = "string", backup = "boolean", secret = "boolean" })
local PLACE = { after = "string or function", before = "string or function", create = "boolean", absent = "boolean" }

local KNOWN = {
  copy = fields(CONTENT, { src = "string", dest = "string" }),
  write = fields(CONTENT, { path = "string", content = "string" }),
  template = fields(CONTENT, { src = "string", content = "string", dest = "string", vars = "table" }),
  line = fields(CONTENT, PLACE, { path = "string", line = "string", match = "string or function", all = "boolean" }),
  block = fields(CONTENT, PLACE, { path = "string", name = "string", block = "string", comment = "string" }),
  directory = fields(ATTRIBUTES, { path = "string", parents = "boolean" }),
  link = fields({ path = "string", to = "string", force = "boolean" }),
  absent = fields({ path = "string", recurse = "boolean" }),
  tree = fields(OWNED, {
    src = "string", dest = "string", file_mode = "string", dir_mode = "string", delete = "boolean",
    secret = "boolean",
  }),
  path = fields({ path = "string" }),
}
local PATTERNS = { match = true, after = true, before = true }
local MODES = { "mode", "file_mode", "dir_mode" }

local function answer(call, ok, ...)
  if not ok then fail(call .. ": " .. (...)) end
  return ...
end

local function checked(call, options, known)
  if type(options) == "table" then
    for _, field in ipairs(MODES) do
      if known[field] and type(rawget(options, field)) == "number" then
        fail(call .. ": " .. field .. " must be a string, got number (octal digits in quotes, such as '0644': the number "
          .. "0644 is 644 in Lua, which is other permissions)")
      end
    end
  end
  kit.check_fields(call, options, known)
  return options
end

local function required(call, options, field)
  local value = rawget(options, field)
  if type(value) ~= "string" then fail(call .. ": " .. field .. " must be a string, got " .. type(value)) end
  if value == "" and field ~= "content" and field ~= "block" then fail(call .. ": " .. field .. " must not be empty") end
  return value
end

-- The fields as names and values in turn, but for those that are looked for in Lua.
local function crossing(options, extra)
  local list, count = {}, 0
  for _, from in ipairs({ options, extra }) do
    for name, value in next, from do
      if type(value) ~= "table" and not PATTERNS[name] then
        list[count + 1], list[count + 2] = name, value
        count = count + 2
      end
    end
  end
  return list
end

local OWNING = { copy = true, write = true, template = true, directory = true, tree = true }

-- What is new belongs to the user of a task that has one, unless it names its owner.
local function owned(kind, options, extra)
  local owner = kit.defaults and kit.defaults.owner
  if not owner or not OWNING[kind] or rawget(options, "owner") ~= nil then return extra end
  local ok, there = host.exists(rawget(options, "dest") or rawget(options, "path"), rawget(options, "delegate_to"))
  if not ok or there then return extra end
  extra = extra or {}
  extra.owner = owner
  return extra
end

-- What the host did: nil if the file was changed by somebody else meanwhile.
local function applied(call, kind, options, extra)
  check_memory()
  local result = pack(answer(call, host.apply(kind, unpack(crossing(options, owned(kind, options, extra))))))
  if result[1] == nil then return nil end
  return { changed = result[1], path = result[2], checksum = result[3] or false, backup = result[4] or false,
    names = kind == "tree" and { unpack(result, 5, result.n) } }
end

local function content_result(done)
  return { changed = done.changed, predicted = kit.check, path = done.path, checksum = done.checksum, backup = done.backup }
end

local function path_result(done)
  return { changed = done.changed, predicted = kit.check, path = done.path }
end

local file = {}

function file.copy(options)
  checked("file.copy", options, KNOWN.copy)
  required("file.copy", options, "src")
  required("file.copy", options, "dest")
  return content_result(applied("file.copy", "copy", options))
end

function file.write(path, content)
  local options = path
  if type(path) ~= "table" then options = { path = path, content = content } end
  checked("file.write", options, KNOWN.write)
  required("file.write", options, "path")
  required("file.write", options, "content")
  return content_result(applied("file.write", "write", options))
end

function file.template(options)
  checked("file.template", options, KNOWN.template)
  required("file.template", options, "dest")
  local src, content = rawget(options, "src"), rawget(options, "content")
  if (src == nil) == (content == nil) then fail("file.template: needs either src or content") end
  if src then required("file.template", options, "src") end
  return content_result(applied("file.template", "template", options,
    { vars = kit.template_vars("file.template", rawget(options, "vars")) }))
end

-- Lines and blocks --------------------------------------------------------------------------------

local function is_match(call, field, wanted, line)
  if type(wanted) == "function" then return wanted(line) and true or false end
  local ok, found = pcall(find, line, wanted)
  if not ok then fail(call .. ": " .. field .. ": " .. found) end
  return found ~= nil
end

-- The numbers of the lines that match, from 0.
local function matching(call, field, wanted, text)
  local numbers, position, number, length = {}, 1, 0, #text
  while position <= length do
    local stop = find(text, "\n", position, true)
    local last = (stop or length + 1) - 1
    if stop and byte(text, last) == 13 and last >= position then last = last - 1 end
    if is_match(call, field, wanted, sub(text, position, last)) then numbers[#numbers + 1] = number end
    position, number = (stop or length) + 1, number + 1
  end
  return numbers
end

-- What of the text the host needs to know: the lines that match, and where to insert.
local function positions(call, options)
  local match, after, before = rawget(options, "match"), rawget(options, "after"), rawget(options, "before")
  if after and before then fail(call .. ": needs either after or before") end
  if not (match or after or before) then return nil end
  check_memory()
  local text, seen = answer(call, host.look(unpack(crossing(options))))
  local found = { seen = seen }
  if match then found.matches = concat(matching(call, "match", match, text), " ") end
  if after then
    local numbers = matching(call, "after", after, text)
    found.place = #numbers > 0 and numbers[#numbers] + 1 or -1
  elseif before then
    found.place = matching(call, "before", before, text)[1] or -1
  end
  return found
end

-- Reads, computes and replaces; once more if somebody else has changed the file meanwhile.
local function edited(call, kind, options)
  for _ = 1, 2 do
    local done = applied(call, kind, options, positions(call, options))
    if done then return content_result(done) end
  end
  fail(call .. ": '" .. rawget(options, "path") .. "' keeps changing")
end

local function check_absent(call, options, others)
  for _, field in ipairs(others) do
    if rawget(options, field) ~= nil then fail(call .. ": absent and " .. field .. " exclude each other") end
  end
end

function file.line(options)
  local call = "file.line"
  checked(call, options, KNOWN.line)
  required(call, options, "path")
  local line, match = rawget(options, "line"), rawget(options, "match")
  if rawget(options, "absent") then
    check_absent(call, options, { "after", "before", "create", "all" })
    if (line == nil) == (match == nil) then fail(call .. ": absent needs either line or match") end
  else
    required(call, options, "line")
    if match and not is_match(call, "match", match, line) then
      fail(call .. ": match does not match line: a second run could not find it again")
    end
  end
  return edited(call, "line", options)
end

function file.block(options)
  local call = "file.block"
  checked(call, options, KNOWN.block)
  required(call, options, "path")
  required(call, options, "name")
  if rawget(options, "absent") then check_absent(call, options, { "after", "before", "create", "block" })
  else required(call, options, "block") end
  return edited(call, "block", options)
end

-- Directories, links, and what is not wanted -------------------------------------------------------

function file.directory(path)
  local options = type(path) == "table" and path or { path = path }
  checked("file.directory", options, KNOWN.directory)
  required("file.directory", options, "path")
  return path_result(applied("file.directory", "directory", options))
end

function file.link(options)
  checked("file.link", options, KNOWN.link)
  required("file.link", options, "path")
  required("file.link", options, "to")
  return path_result(applied("file.link", "link", options))
end

function file.absent(path)
  local options = type(path) == "table" and path or { path = path }
  checked("file.absent", options, KNOWN.absent)
  required("file.absent", options, "path")
  return path_result(applied("file.absent", "absent", options))
end

function file.tree(options)
  checked("file.tree", options, KNOWN.tree)
  required("file.tree", options, "src")
  required("file.tree", options, "dest")
  local done = applied("file.tree", "tree", options)
  local result = path_result(done)
  result.files = setmetatable(done.names, kit.array_mark)
  return result
end

function file.remove(path)
  local options = type(path) == "table" and path or { path = path }
  checked("file.remove", options, KNOWN.path)
  required("file.remove", options, "path")
  return applied("file.remove", "remove", options).changed
end

-- Reading -----------------------------------------------------------------------------------------

for _, name in ipairs({ "read", "exists", "checksum" }) do
  local call = "file." .. name
  local ask = host[name]
  file[name] = function(path)
    local options = type(path) == "table" and path or { path = path }
    checked(call, options, KNOWN.path)
    local of = required(call, options, "path")
    check_memory()
    return answer(call, ask(of, rawget(options, "delegate_to")))
  end
end

return file
