-- template, crypto and log: text in, text out.

local kit, host = ...

local check_fields, check_memory, fail, json_encode = kit.check_fields, kit.check_memory, kit.fail, kit.json_encode
local ipairs, rawget, sub, type = ipairs, rawget, string.sub, type

local template, crypto, log = {}, {}, {}

local RENDER = { src = "string", content = "string", vars = "table" }

function template.render(options)
  check_fields("template.render", options, RENDER)
  local src, content = rawget(options, "src"), rawget(options, "content")
  if (src == nil) == (content == nil) then fail("template.render: needs either src or content") end
  local vars = "{}"
  if rawget(options, "vars") ~= nil then
    local wrong
    vars, wrong = json_encode(rawget(options, "vars"), "vars")
    if not vars then fail("template.render: " .. wrong) end
    if sub(vars, 1, 1) ~= "{" then fail("template.render: vars must have names, got a list") end
  end
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
