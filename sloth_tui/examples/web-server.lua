-- Set up a web server: package, account, configuration, service
--
--   sloth-runner run --example web-server --check --diff                     what it would change here
--   sloth-runner run --example web-server --set host=web1                    on another machine
--   sloth-runner run --example web-server --set host=web1 --set port=8080
--
-- It needs root: on this machine, or on the host that `host` names, which is one of ssh or of config.toml. The
-- configuration is checked by nginx itself before it replaces the old one. A reload that failed is made up
-- for by the next run, because the state remembers that it is due. With `root` all files go below that directory.

-- A null in a values file is as good as nothing.
for name, value in pairs(values) do
    if value == json.null then values[name] = nil end
end

local host = values.host
local root = values.root or ""
local account = values.account or "website"
local site = root .. "/var/www/site"
local RELOAD = "web-server:" .. (host or "local") .. ":reload"

local configuration = [[
user {{ account }};
worker_processes {{ workers }};
events { worker_connections 512; }
http {
    server {
        listen {{ port }};
        server_name {{ domain }};
        root {{ site }};
    }
}
]]

task({
    name = "install",
    description = "the package, and an account that owns nothing",
    delegate_to = host,
    run = function()
        package.present("nginx")
        user.present({
            name = account,
            comment = "serves " .. (values.domain or "localhost"),
            home = "/nonexistent",
            shell = "/usr/sbin/nologin",
            create_home = false,
            system = true,
        })
    end
})

task({
    name = "configure",
    description = "the site and the configuration",
    delegate_to = host,
    depends_on = "install",
    run = function()
        file.directory({ path = site, mode = "0755" })
        file.write({ path = site .. "/index.html", content = (values.greeting or "It works") .. "\n", mode = "0644" })
        file.directory(root .. "/etc/nginx")
        local written = file.template({
            dest = root .. "/etc/nginx/nginx.conf",
            content = configuration,
            vars = {
                account = account,
                workers = values.workers or 2,
                port = values.port or 80,
                domain = values.domain or "localhost",
                site = site,
            },
            mode = "0644",
            validate = "nginx -t -q -c %s",
        })
        if written.changed then
            state.set(RELOAD, true)
        end
    end
})

task({
    name = "serve",
    description = "the service runs, with the configuration as it is now",
    delegate_to = host,
    depends_on = "configure",
    timeout = 120,
    run = function()
        local started = service.running({ name = "nginx", enabled = true })
        if not state.get(RELOAD) then
            return
        end
        -- A service that was just started has read the new configuration.
        if started.what[1] ~= "started" then
            cmd("systemctl reload nginx")
        end
        state.delete(RELOAD)
    end
})
