-- Number the versions of a configuration and keep each of them
--
--   sloth-runner run --example versioned
--   sloth-runner run --example versioned --set config_content="workers = 8"
--
-- Every run makes a new version: that is what it is for.

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
