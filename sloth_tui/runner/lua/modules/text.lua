-- template, crypto and log: text in, text out.

local kit, host = ...

local check_fields, check_memory, fail, json_encode = kit.check_fields, kit.check_memory, kit.fail, kit.json_encode
local ipairs, rawget, sub, type = ipairs, rawget, string.sub, type

local template, crypto, log = {}, {}, {}

local RENDER = { src = "string", content = "string", vars = "table" }

-- The JSON text of a template's variables.
function kit.template_vars(call, vars)
  if vars == nil then return "{}" end
  local text, wrong = json_encode(vars, "vars")
  if not text then fail(call .. ": " .. wrong) end
  if sub(text, 1, 1) ~= "{" then fail(call .. ": vars must have names, got a list") end
  return text
end

local template_vars = kit.template_vars

function template.render(options)
  check_fields("template.render", options, RENDER)
  local src, content = rawget(options, "src"), rawget(options, "content")
  if (src == nil) == (content == nil) then fail("template.render: needs either src or content") end
  local vars = template_vars("template.render", rawget(options, "vars"))
  check_memory()
  local ok, text = host.render(src, content, vars)
  if not ok then fail("template.render: " .. text) end
  return text
end

for _, name in ipairs({ "sha256", "sha512", "sha1", "md5" }) do
  local digest = host[name]
  crypto[name] = function(text)
    if type(text) ~= "string" then fail("crypto." .. name .. ": text must be a string, got " .. type(text)) end
    check_memory()
    local ok, hex = digest(text)
    if not ok then fail("crypto." .. name .. ": " .. hex) end
    return hex
  end
end

for _, level in ipairs({ "debug", "info", "warn", "error" }) do
  log[level] = function(...)
    kit.output("log", level .. ": " .. kit.joined(...))
  end
end

return template, crypto, log
