-- Roll a release out host by host under a lock, up to the first failure
--
--   sloth-runner run --example rolling-deploy
--   sloth-runner run --example rolling-deploy --set version=v1.3.0
--   sloth-runner run --example rolling-deploy --set version=v1.4.0 --set check=false     the first host goes back
--   sloth-runner run --example rolling-deploy --values fleet.yaml --set version=v1.3.0
--
-- Each host is a task that depends on the one before, so one that fails keeps the rest on the version
-- they have. The lock lets one host at a time change, whoever deploys; a deploy that another one has overtaken stops.
-- The state knows what each host has, so a run after a failure goes on where it stopped.
--
-- fleet.yaml, all of it optional:
--
--   remote: true            # act on the hosts themselves, over ssh; else on directories of this machine
--   hosts: [web1, web2]
--   root: /srv/shop
--   check: curl -fsS --max-time 5 http://localhost/health

-- A null in a values file is as good as nothing.
for name, value in pairs(values) do
    if value == json.null then values[name] = nil end
end

local app = values.app or "shop"
local version = tostring(values.version or "v1.2.3")
local hosts = values.hosts or { "web1", "web2", "web3" }
local root = values.root or (os.getenv("HOME") or "/tmp") .. "/.cache/sloth-examples/rolling"
local check = values.check == nil and "test -s current/VERSION" or tostring(values.check)

local LOCK = "rolling:" .. app
local TARGET = "rolling:" .. app .. ":target"

local function live_on(host)
    return "rolling:" .. app .. ":live:" .. host
end

local function point_to(directory, wanted)
    if wanted then
        return file.link({ path = directory .. "/current", to = "releases/" .. wanted })
    end
    return file.absent(directory .. "/current")
end

local function deploy(host)
    if state.get(TARGET) ~= version then
        return false, "another deploy is under way, of " .. tostring(state.get(TARGET))
    end
    local directory, before = root .. "/" .. host, state.get(live_on(host))
    file.directory(directory .. "/releases/" .. version)
    file.write(directory .. "/releases/" .. version .. "/VERSION", version .. "\n")
    local switched = point_to(directory, version)
    if not switched.changed and before == version then
        print(host .. " has " .. version .. " already (skipping)")
        return true
    end
    local healthy = cmd({ command = check, cwd = directory, timeout = 30, check = false, changed = false })
    if not healthy.success then
        point_to(directory, before)
        return false, host .. " failed its check with " .. version .. "; it has " .. (before or "nothing") .. " again"
    end
    state.set(live_on(host), version)
    print(host .. " has " .. version)
    return true
end

task({
    name = "begin",
    description = "say which version is wanted, before any host changes",
    run = function()
        if not version:match("^v%d+%.%d+%.%d+$") then
            return false, "version '" .. version .. "' does not look like v1.2.3"
        end
        state.with_lock(LOCK, run.id, 60, function()
            if state.get(TARGET) ~= version then
                state.set(TARGET, version)
            end
        end, { wait = 60 })
    end
})

local previous = "begin"
for _, host in ipairs(hosts) do
    local name = "deploy-" .. host
    task({
        name = name,
        description = "put the release on " .. host .. ", check it, or go back",
        delegate_to = values.remote and host or nil,
        depends_on = previous,
        timeout = 300,
        run = function()
            return state.with_lock(LOCK, run.id, 300, function() return deploy(host) end, { wait = 60 })
        end
    })
    previous = name
end
