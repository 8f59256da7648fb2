-- Deploy under a lock, check, and go back by itself or by a flag
--
--   sloth-runner run --example deploy
--   sloth-runner run --example deploy --set version=v1.3.0
--   sloth-runner run --example deploy --set version=v1.4.0 --set check=false     its check fails: it goes back
--   sloth-runner run --example deploy --set rollback=true                        to the version before
--
-- Releases are directories under root; `current` is a symbolic link to the one that is live. The state
-- knows which version is live and which was before it, so a second run has nothing to do.

-- A null in a values file is as good as nothing.
for name, value in pairs(values) do
    if value == json.null then values[name] = nil end
end

local app = values.app or "shop"
local version = tostring(values.version or "v1.2.3")
local root = values.root or (os.getenv("HOME") or "/tmp") .. "/.cache/sloth-examples/deploy"
local check = values.check == nil and "test -s current/VERSION" or tostring(values.check)

local LIVE = "deploy:" .. app .. ":version"
local BEFORE = "deploy:" .. app .. ":previous"
local FAILED = "deploy:" .. app .. ":failed"

local function release_of(wanted)
    return root .. "/releases/" .. wanted
end

-- Point `current` at a release, or at none.
local function switch_to(wanted)
    if wanted then
        cmd({ command = 'ln -sfn "releases/$VERSION" current', cwd = root, env = { VERSION = wanted } })
    else
        file.remove(root .. "/current")
    end
end

local function is_healthy()
    return cmd({ command = check, cwd = root, timeout = 30, check = false, changed = false }).success
end

task({
    name = "check-request",
    description = "refuse a version that is none before anything is touched",
    run = function()
        if not version:match("^v%d+%.%d+%.%d+$") then
            return false, "version '" .. version .. "' does not look like v1.2.3"
        end
    end
})

task({
    name = "prepare-release",
    description = "put the files of the release beside those that are live",
    depends_on = "check-request",
    run = function()
        if values.rollback then
            print("going back: no release to prepare")
            return
        end
        local release = release_of(version)
        if not file.exists(release) then
            cmd({ command = 'mkdir -p "$RELEASE"', env = { RELEASE = release } })
        end
        local written = file.write(release .. "/VERSION", version .. "\n")
        print(written.changed and "prepared " .. release or release .. " is there already")
    end
})

task({
    name = "go-live",
    description = "switch to the release, or back to the one before",
    depends_on = "prepare-release",
    timeout = 120,
    run = function()
        return state.with_lock("deploy:" .. app, "deploy.lua", 300, function()
            local live = state.get(LIVE)
            local wanted = version
            if values.rollback then
                wanted = state.get(BEFORE)
                if not wanted then
                    return false, "there is no version to go back to"
                end
            end
            if live == wanted then
                print(app .. " " .. wanted .. " is live already (skipping)")
                return true
            end

            switch_to(wanted)
            if not is_healthy() then
                switch_to(live)
                state.set(FAILED, wanted)
                return false, app .. " " .. wanted .. " failed its check; " .. (live or "nothing") .. " is live"
            end

            state.transaction(function()
                state.set(LIVE, wanted)
                state.delete(FAILED)
                if values.rollback or not live then
                    state.delete(BEFORE)
                else
                    state.set(BEFORE, live)
                end
            end)
            print(app .. " " .. wanted .. " is live")
            return true
        end, { wait = 10 })
    end
})
