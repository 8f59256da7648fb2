-- Clean up every night: sessions, releases, files; never two at once
--
--   sloth-runner run --example nightly-cleanup
--   sloth-runner run --example nightly-cleanup --set keep_releases=5 --set stale_days=30
--
-- From cron:  15 3 * * *  sloth-runner run --example nightly-cleanup --keep-going --timeout 3600
--
-- Works on what the example deploy leaves behind, and on the state: a key `session:ID` holds a table
-- with the field `expires`, in unix seconds. Where there is nothing to remove, nothing is written.

-- A null in a values file is as good as nothing.
for name, value in pairs(values) do
    if value == json.null then values[name] = nil end
end

local root = values.root or (os.getenv("HOME") or "/tmp") .. "/.cache/sloth-examples/deploy"
local keep_releases = values.keep_releases or 3
local stale_days = values.stale_days or 14

-- One cleaner at a time. The lock is tied to this run: if it is killed, the next night can go on.
local function alone(clean)
    return function()
        return state.with_lock("nightly-cleanup", "nightly-cleanup.lua", 900, clean, { wait = 5 })
    end
end

-- Count what was removed, for yearly figures; write nothing if nothing was removed.
local function account(what, removed)
    if removed > 0 then
        state.increment("cleanup:removed:" .. what, removed)
    end
    print(removed .. " " .. what .. " removed")
end

task({
    name = "expired-sessions",
    description = "delete the sessions whose time is up",
    run = alone(function()
        local now, removed = os.time(), 0
        for key, session in pairs(state.list("session:")) do
            local expires = type(session) == "table" and session.expires
            if not expires then
                log.warn(key .. " is not a session; left alone")
            elseif expires < now then
                state.delete(key)
                removed = removed + 1
            end
        end
        account("sessions", removed)
    end)
})

task({
    name = "old-releases",
    description = "keep the newest releases and the one that is live",
    run = alone(function()
        local removed = 0
        if file.exists(root .. "/releases") then
            local listed = cmd({
                command = "ls -1t releases; readlink current",
                cwd = root,
                check = false,
                changed = false,
            })
            local names, live = {}, nil
            for line in listed.stdout:gmatch("[^\n]+") do
                live = line:match("^releases/(.+)$") or live
                if not line:find("/", 1, true) then names[#names + 1] = line end
            end
            for number, name in ipairs(names) do
                if number > keep_releases and name ~= live then
                    cmd({ command = 'rm -r -- "releases/$NAME"', cwd = root, env = { NAME = name } })
                    removed = removed + 1
                end
            end
        end
        account("releases", removed)
    end)
})

task({
    name = "stale-files",
    description = "delete temporary files that were not changed for a while",
    run = alone(function()
        local removed = 0
        if file.exists(root .. "/tmp") then
            local found = cmd({
                command = 'find tmp -type f -mtime +"$DAYS" -print -delete',
                cwd = root,
                env = { DAYS = stale_days },
                changed = function(result) return result.stdout ~= "" end,
            })
            for _ in found.stdout:gmatch("[^\n]+") do removed = removed + 1 end
        end
        account("files", removed)
    end)
})
