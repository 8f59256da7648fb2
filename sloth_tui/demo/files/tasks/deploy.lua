-- Roll a version of the shop out to two hosts, once.
--
-- V shows its values. Another `version` is rolled out; with `unwell`
-- set to the name of a host, the smoke test fails there. The hosts
-- are directories of this sample.

local hosts = { "web1", "web2" }
local version = values.version

local function wait()
    if not run.check then
        cmd({ command = "sleep " .. values.pause, changed = false })
    end
end

task({
    name = "fetch",
    description = "Get the release",
    run = function()
        if state.get("deployment:fetched") == version then
            print("shop " .. version .. " is here already")
            return
        end
        cmd({
            command = [[
                for done in 7 19 34 46 58 73 88 100; do
                    printf '\rshop-%s.tar.gz %3d %%' $VERSION $done
                    sleep $PAUSE
                done
                echo]],
            env = {
                VERSION = version,
                PAUSE = tostring(values.pause),
            },
        })
        state.set("deployment:fetched", version)
    end,
})

task({
    name = "migrate",
    description = "Bring the database up to date, alone",
    depends_on = { "fetch" },
    run = function()
        state.with_lock("migrations", "deploy.lua", 60, function()
            local done = state.get("database:migration", 0)
            for number = done + 1, values.migrations do
                print("migration " .. number)
                wait()
                state.set("database:migration", number)
            end
        end, { wait = 60 })
    end,
})

task({
    name = "configure",
    description = "Write the settings of the shop",
    depends_on = { "fetch" },
    delegate_to = hosts,
    run = function()
        file.template({
            src = "app.conf",
            dest = "app.conf",
            vars = { host = run.host, port = values.port, workers = values.workers },
        })
    end,
})

task({
    name = "switch",
    description = "Go live, host by host",
    depends_on = { "migrate", "configure" },
    delegate_to = hosts,
    run = function()
        local key = "deployed:" .. run.host
        if state.get(key) == version then
            print("on " .. version .. " already")
            return
        end
        state.with_lock("switch", run.host, 60, function()
            for _, step in ipairs({ "drain", "stop", "start", "fill" }) do
                print(step)
                wait()
            end
            state.set(key, version)
            state.increment("deployment:count")
        end, { wait = 60 })
    end,
})

task({
    name = "smoke-test",
    description = "Ask for some pages",
    depends_on = { "switch" },
    delegate_to = hosts,
    run = function()
        local status = values.unwell == run.host and "\27[1;31m502\27[0m" or "\27[32m200\27[0m"
        for _, page in ipairs({ "/", "/search?q=tea", "/basket" }) do
            wait()
            print(status .. "  " .. page)
        end
        if values.unwell == run.host then
            error("the shop does not answer on " .. run.host)
        end
    end,
})

task({
    name = "record",
    description = "Remember what is live now",
    depends_on = { "smoke-test" },
    run = function()
        if state.get("deployment:version") ~= version then
            state.set("deployment:previous", state.get("deployment:version"))
            state.set("deployment:version", version)
        end
    end,
})
