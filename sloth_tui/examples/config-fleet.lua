-- Keep a fleet's configuration files right; reload only what changed
--
--   sloth-runner run --example config-fleet
--   sloth-runner run --example config-fleet --set defaults.workers=8
--   sloth-runner run --example config-fleet --values fleet.yaml --keep-going
--   sloth-runner run --example config-fleet --values fleet.yaml --check --diff
--
-- Each host is a task of its own, so with --keep-going one that fails does not hold up the others. A
-- file that was changed by hand is corrected; one that is no longer wanted is removed; a reload
-- that failed is made up for by the next run, because the state remembers that it is due.
--
-- fleet.yaml, all of it optional:
--
--   remote: true            # act on the hosts themselves, over ssh; else on directories of this machine
--   root: /srv/fleet
--   reload: systemctl reload-or-restart "$SERVICE"
--   defaults: {workers: 4, log_level: warn}
--   hosts:
--     web1: {services: [nginx, app], workers: 16}
--     db1: {services: [app]}

-- A null in a values file is as good as nothing.
for name, value in pairs(values) do
    if value == json.null then values[name] = nil end
end

local root = values.root or (os.getenv("HOME") or "/tmp") .. "/.cache/sloth-examples/fleet"
local reload = values.reload or 'echo "$HOST: reloading $SERVICE"'
local hosts = values.hosts or {
    web1 = { services = { "nginx", "app" } },
    web2 = { services = { "nginx", "app" }, workers = 8 },
    worker1 = { services = { "app" }, log_level = "info" },
}

local templates = {
    nginx = [[
worker_processes {{ workers }};
error_log stderr {{ log_level }};
events { worker_connections {{ workers * 256 }}; }
]],
    app = [[
[app]
host = {{ host }}
workers = {{ workers }}
log_level = {{ log_level }}
]],
}

-- The variables of a template: the defaults, overridden by those of the fleet, then by those of the host.
local function variables(host, own)
    local vars = { workers = 4, log_level = "warn", host = host }
    for _, layer in ipairs({ values.defaults or {}, own }) do
        for name, value in pairs(layer) do vars[name] = value end
    end
    return vars
end

local function configure(host, own)
    local directory = root .. "/" .. host
    file.directory(directory)
    local wanted, changed = {}, 0
    for _, service in ipairs(own.services or {}) do
        local source = templates[service]
        if not source then
            return false, host .. ": there is no template for service '" .. service .. "'"
        end
        local path = directory .. "/" .. service .. ".conf"
        local content = template.render({ content = source, vars = variables(host, own) })
        local written = file.write({ path = path, content = content, mode = "0644" })
        local key = "fleet:" .. host .. ":config:" .. service
        wanted[key] = true
        if written.changed or state.get(key) ~= written.checksum then
            state.transaction(function()
                state.set(key, written.checksum)
                state.set("fleet:" .. host .. ":reload:" .. service, true)
            end)
            changed = changed + 1
        end
    end

    -- Remove the files of earlier runs that this one does not want.
    for key in pairs(state.list("fleet:" .. host .. ":config:")) do
        if not wanted[key] then
            local service = key:match("([^:]+)$")
            file.remove(directory .. "/" .. service .. ".conf")
            state.delete(key)
            print("removed " .. service)
            changed = changed + 1
        end
    end
    print(changed == 0 and "unchanged" or changed .. " changed")
end

-- In order of their names: pairs() of a table made by hand has none.
local names = {}
for host in pairs(hosts) do names[#names + 1] = host end
table.sort(names)

for _, host in ipairs(names) do
    task({
        name = "configure-" .. host,
        delegate_to = values.remote and host or nil,
        description = "write the configuration files of " .. host,
        run = function() return configure(host, hosts[host]) end
    })
    task({
        name = "reload-" .. host,
        delegate_to = values.remote and host or nil,
        description = "reload the services of " .. host .. " whose files changed",
        depends_on = "configure-" .. host,
        retries = 1,
        run = function()
            for key in pairs(state.list("fleet:" .. host .. ":reload:")) do
                cmd({ command = reload, env = { HOST = host, SERVICE = key:match("([^:]+)$") }, timeout = 60 })
                state.delete(key)
            end
        end
    })
end
