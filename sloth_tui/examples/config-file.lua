-- Deploy a configuration file only when its content has changed
--
--   sloth-runner run --example config-file
--   sloth-runner run --example config-file --set port=9090 --set config_file=/etc/app/config.ini
--
-- The template is templates/config.ini.tmpl beside this file. The rendered text decides whether to
-- deploy, and the template itself is what is copied; to deploy the rendered text instead, write
-- file.write(config_file, new_content).

-- A null in a values file is as good as nothing.
for name, value in pairs(values) do
    if value == json.null then values[name] = nil end
end

values.port = values.port or 8080
values.workers = values.workers or 4

task({
    name = "update-config",
    run = function()
        local config_file = values.config_file or "./sloth-example.ini"
        local template_src = "./templates/config.ini.tmpl"

        -- Read current template
        local new_content = template.render({
            src = template_src,
            vars = values
        })

        -- Calculate checksum
        local new_hash = crypto.sha256(new_content)
        local state_key = "config:hash:" .. config_file

        -- Get stored hash
        local old_hash = state.get(state_key)

        if old_hash == new_hash then
            print("Configuration unchanged (skipping)")
            return
        end

        -- Deploy new configuration
        file.copy({
            src = template_src,
            dest = config_file,
            delegate_to = values.host
        })

        -- Update hash
        state.set(state_key, new_hash)
        print("Configuration updated")
    end
})
