-- data: JSON.

local kit = ...

local json = kit.ours.json
local results = kit.part("names/results")

local function parse(text) return results.value(json.decode, text) end
local function write(value) return results.value(json.encode, value) end

return results.module("data", { parse_json = parse, to_json = write, json_decode = parse, json_encode = write }, {
  "there is json.encode and json.decode; files of YAML are given with --values",
})
