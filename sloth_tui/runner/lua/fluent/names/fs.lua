-- fs: files by their paths.

local kit = ...

local fail, ours = kit.fail, kit.ours
local results = kit.part("names/results")
local file = ours.file
local gsub, match = string.gsub, string.match
local type = type

local function path_of(name, path)
  if type(path) ~= "string" or path == "" then fail("fs." .. name .. ": needs a path, got " .. (path == "" and "none" or type(path))) end
  return path
end

-- Returns true, or false and why.
local function done(fn, ...)
  local result, why = results.of("done", fn, ...)
  if not result then return false, why end
  return true
end

local fs = {}

function fs.read(path) return results.value(file.read, path_of("read", path)) end
function fs.exists(path) return file.exists(path_of("exists", path)) end

local function text_of(name, content)
  if type(content) ~= "string" then fail("fs." .. name .. ": content must be a string, got " .. type(content)) end
  return content
end

function fs.write(path, content) return done(file.write, path_of("write", path), text_of("write", content)) end

function fs.append(path, content)
  path_of("append", path)
  text_of("append", content)
  return done(function()
    local before = file.exists(path) and file.read(path) or ""
    return file.write(path, before .. content)
  end)
end

function fs.mkdir(path, options)
  if options ~= nil then kit.check_fields("fs.mkdir", options, { recursive = "boolean", mode = "string" }) end
  return done(file.directory, { path = path_of("mkdir", path), parents = true, mode = options and options.mode })
end

function fs.rm(path) return done(file.absent, { path = path_of("rm", path) }) end
function fs.rmr(path) return done(file.absent, { path = path_of("rmr", path), recurse = true }) end
fs.remove = fs.rm
function fs.copy(src, dest) return done(file.copy, { src = path_of("copy", src), dest = path_of("copy", dest) }) end

function fs.size(path)
  return results.value(function() return #file.read(path_of("size", path)) end)
end

function fs.basename(path) return match(gsub(path_of("basename", path), "/+$", ""), "([^/]*)$") end

function fs.dirname(path)
  local directory = match(gsub(path_of("dirname", path), "/+$", ""), "^(.*)/[^/]*$")
  return directory == nil and "." or directory == "" and "/" or directory
end

return results.module("fs", fs, {
  "see docs/lua.md for what there is of files",
  ls = "use cmd(\"ls DIRECTORY\").stdout",
  tmpname = "name the file yourself, or use cmd(\"mktemp\").stdout",
})
