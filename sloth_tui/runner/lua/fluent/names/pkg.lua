-- pkg: packages by the package manager of the host.

local kit = ...

local check_fields, fail, ours = kit.check_fields, kit.fail, kit.ours
local results = kit.part("names/results")
local cmd = ours.cmd
local find, gsub = string.find, string.gsub
local ipairs, rawget, type = ipairs, rawget, type

local FIELDS <const> = { packages = "string or table", name = "string or table", state = "string", delegate_to = "string" }

-- Names: one, several, a list, or { packages = ... }.
local function given(call, options)
  local names, target = options, nil
  if type(options) == "table" and (rawget(options, "packages") ~= nil or rawget(options, "name") ~= nil) then
    check_fields(call, options, FIELDS)
    names, target = rawget(options, "packages") or rawget(options, "name"), rawget(options, "delegate_to")
  end
  if type(names) == "string" then names = { names } end
  if type(names) ~= "table" then fail(call .. ": needs names of packages, got " .. type(names)) end
  return { names = kit.list_of_texts(call .. ": packages", names, "names"), delegate_to = target }
end

local pkg = {}

function pkg.install(options) return results.of("installed", ours.package.present, given("pkg.install", options)) end
function pkg.remove(options) return results.of("removed", ours.package.absent, given("pkg.remove", options)) end
pkg.uninstall = pkg.remove

function pkg.is_installed(name)
  if type(name) ~= "string" or not find(name, "^[%w][%w+._:-]*$") then fail("pkg.is_installed: needs a name of a package") end
  return kit.ask("if command -v dpkg-query >/dev/null; then dpkg-query -W -f '${db:Status-Status}' " .. name
    .. " 2>/dev/null | grep -qx installed; elif command -v rpm >/dev/null; then rpm -q " .. name .. " >/dev/null 2>&1"
    .. "; else apk info -e " .. name .. " >/dev/null 2>&1; fi").success
end

function pkg.update()
  return results.of("updated", function()
    return cmd("if command -v apt-get >/dev/null; then apt-get update -q; elif command -v dnf >/dev/null; "
      .. "then dnf makecache -q; else apk update -q; fi")
  end)
end

return results.module("pkg", pkg, { "use cmd with the host's own tool" })
