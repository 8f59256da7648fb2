-- Number the versions of a configuration and keep each of them
--
--   sloth-runner run --example versioned
--   sloth-runner run --example versioned --set config_content="workers = 8"
--
-- Every run makes a new version: that is what it is for.

-- A null in a values file is as good as nothing.
for name, value in pairs(values) do
    if value == json.null then values[name] = nil end
end

local config_content = values.config_content or "workers = 4"

task({
    name = "versioned-config",
    run = function()
        -- Increment version
        local version = state.increment("config:version", 1)

        -- Store versioned config
        state.set("config:v" .. version, config_content)

        -- Keep reference to current
        state.set("config:current", tostring(version))
    end
})
