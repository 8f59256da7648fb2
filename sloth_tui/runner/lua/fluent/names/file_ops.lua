-- file_ops: files as they are wanted, by our resources.

local kit = ...

local check_fields, fail, ours = kit.check_fields, kit.fail, kit.ours
local results = kit.part("names/results")
local file = ours.file
local find, format, gsub = string.find, string.format, string.gsub
local next, pcall, tonumber, type = next, pcall, tonumber, type

local ATTRIBUTES <const> = { mode = "string or number", owner = "string", group = "string", delegate_to = "string" }

local function fields(more)
  local known = {}
  for name, wanted in next, ATTRIBUTES do known[name] = wanted end
  for name, wanted in next, more do known[name] = wanted end
  return known
end

local KNOWN <const> = {
  copy = fields({ src = "string", dest = "string", backup = "boolean" }),
  fetch = fields({ src = "string", dest = "string" }),
  template = fields({ src = "string", dest = "string", vars = "table", backup = "boolean" }),
  lineinfile = fields({
    path = "string", line = "string", regexp = "string", state = "string", create = "boolean", backup = "boolean",
    insertafter = "string", insertbefore = "string",
  }),
  blockinfile = fields({
    path = "string", block = "string", state = "string", create = "boolean", backup = "boolean", marker = "string",
    marker_begin = "string", marker_end = "string", insertafter = "string", insertbefore = "string", name = "string",
  }),
  replace = fields({ path = "string", pattern = "string", replacement = "string", backup = "boolean" }),
  stat = { path = "string", delegate_to = "string" },
}

-- Returns a copy of the fields. A mode may be a number there, of decimal digits that are meant as octal ones.
local function checked(name, options, ...)
  local call = "file_ops." .. name
  check_fields(call, options, KNOWN[name])
  local taken = {}
  for field, value in next, options do taken[field] = value end
  for _, needed in next, { ... } do
    if type(taken[needed]) ~= "string" then fail(call .. ": " .. needed .. " must be a string, got " .. type(taken[needed])) end
  end
  if type(taken.mode) == "number" then taken.mode = format("%04d", taken.mode) end
  return taken, call
end

local file_ops = {}

function file_ops.copy(options)
  return results.of("copied", file.copy, (checked("copy", options, "src", "dest")))
end

-- From the host of the task to this machine; both are the same here.
function file_ops.fetch(options)
  local taken, call = checked("fetch", options, "src", "dest")
  if kit.ours.run.host ~= "local" or taken.delegate_to then
    fail(call .. ": not from another host; read it there with file.read, and write it with delegate_to = 'local'")
  end
  return results.of("fetched", file.copy, taken)
end

-- The Go program's templates are of another kind: {{.name}} there is {{ name }} here.
function file_ops.template(options)
  local taken, call = checked("template", options, "src", "dest")
  local ok, text = pcall(file.read, { path = taken.src, delegate_to = "local" })
  if ok and find(text, "{{%-?%s*%.") then
    fail(call .. ": '" .. taken.src .. "' is a template of Go; write {{ name }} instead of {{.name}}: templates are Jinja's")
  end
  return results.of("written", file.template, taken)
end

-- Regular expressions that say the same as a pattern of Lua's, rewritten; others are refused.
local ESCAPES <const> = { ["\\s"] = "%s", ["\\d"] = "%d", ["\\w"] = "[%w_]", ["\\S"] = "%S", ["\\D"] = "%D" }

local function pattern_of(call, field, expression)
  if expression == nil then return nil end
  if find(expression, "[|(){}]") or find(expression, "%[[^%]]*\\") or find(expression, "[*+]%?") then
    fail(call .. ": " .. field .. ": '" .. expression .. "' is no pattern of Lua's; write one for file.line, without |, (), {}")
  end
  local rewritten = gsub(expression, "%%", "%%%%")
  rewritten = gsub(rewritten, "\\.", function(pair) return ESCAPES[pair] or "%" .. pair:sub(2) end)
  rewritten = gsub(rewritten, "^([^%^].*)$", function(rest) return (gsub(rest, "%-", "%%-")) end)
  return rewritten
end

local function place(call, taken)
  taken.after = pattern_of(call, "insertafter", taken.insertafter)
  taken.before = pattern_of(call, "insertbefore", taken.insertbefore)
  if taken.insertafter == "EOF" then taken.after = nil end
  taken.insertafter, taken.insertbefore = nil, nil
end

local function check_state(call, state)
  if state ~= nil and state ~= "present" and state ~= "absent" then
    fail(call .. ": state must be 'present' or 'absent', got '" .. state .. "'")
  end
  return state == "absent"
end

function file_ops.lineinfile(options)
  local taken, call = checked("lineinfile", options, "path")
  local absent = check_state(call, taken.state)
  taken.match = pattern_of(call, "regexp", taken.regexp)
  taken.regexp, taken.state = nil, nil
  place(call, taken)
  if absent then
    taken.absent, taken.create = true, nil
    if taken.match then taken.line = nil end
  elseif taken.create == nil then taken.create = true end
  if taken.line and taken.match and not find(taken.line, taken.match) then
    fail(call .. ": regexp does not match line: a second run could not find it again")
  end
  return results.of("line set", file.line, taken)
end

function file_ops.blockinfile(options)
  local taken, call = checked("blockinfile", options, "path")
  local absent = check_state(call, taken.state)
  -- Its markers only tell blocks from each other here.
  taken.name = taken.name or taken.marker_begin or taken.marker or "block"
  taken.name = gsub(gsub(taken.name, "[%c]", " "), "^%s*[#;/%-]*%s*", "")
  taken.marker, taken.marker_begin, taken.marker_end, taken.state = nil, nil, nil, nil
  place(call, taken)
  if absent then taken.absent, taken.block, taken.create = true, nil, nil
  elseif taken.create == nil then taken.create = true end
  return results.of("block set", file.block, taken)
end

function file_ops.replace(options)
  local taken, call = checked("replace", options, "path", "pattern", "replacement")
  local pattern = pattern_of(call, "pattern", taken.pattern)
  return results.of("replaced", function()
    local text = file.read({ path = taken.path, delegate_to = taken.delegate_to })
    local replaced, count = gsub(text, pattern, (gsub(taken.replacement, "%%", "%%%%")))
    taken.pattern, taken.replacement, taken.content = nil, nil, replaced
    local done = file.write(taken)
    done.replacements = count
    return done
  end)
end

function file_ops.stat(options)
  if type(options) == "string" then options = { path = options } end
  local taken = checked("stat", options, "path")
  return results.value(function()
    local stat = { path = taken.path, exists = file.exists(taken) }
    if not stat.exists then return stat end
    local asked = kit.ask("stat -c '%s %a %U %G %F' -- '" .. gsub(taken.path, "'", "'\\''") .. "'", taken.delegate_to)
    local size, mode, owner, group, kind = asked.stdout:match("^(%d+) (%d+) (%S+) (%S+) ([^\n]+)")
    stat.size, stat.mode, stat.owner, stat.group = tonumber(size), mode and format("%04d", tonumber(mode)), owner, group
    stat.is_dir, stat.is_file = kind == "directory", kind ~= nil and find(kind, "regular", 1, true) ~= nil
    if stat.is_file then stat.checksum = file.checksum(taken) end
    return stat
  end)
end

return results.module("file_ops", file_ops, {
  "see docs/resources.md for what there is of files",
  unarchive = "use cmd({command = \"tar xf ...\", creates = PATH})",
})
