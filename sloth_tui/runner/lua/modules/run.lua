-- run: what task code may know of its run. Returns the function that sets the host of the running task.

local kit, _, id, check = ...

local rawset = rawset

local run = { id = id, check = check, host = "local" }

kit.check = check
kit.env.run = run

return function(host) rawset(run, "host", host) end
