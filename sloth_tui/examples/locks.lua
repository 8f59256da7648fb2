-- Take a lock, work, give it back
--
--   sloth-runner run --example locks
--
-- A plain lock stays until it is unlocked or its time is up, even if the task fails in between.
-- with_lock (see the example of that name) gives it back whatever happens.

task({
    name = "critical-update",
    run = function()
        -- Acquire lock with 5 minute timeout
        state.lock("deployment", "task-123", 300)

        -- Critical operations here
        state.set("deployment:status", "in-progress")

        -- Release lock
        state.unlock("deployment", "task-123")
    end
})
