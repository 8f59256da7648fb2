-- Work under a lock that is given back whatever happens
--
--   sloth-runner run --example with-lock
--
-- Every run writes twice: the status goes to "updating" and back to "complete".

task({
    name = "safe-update",
    run = function()
        -- Automatically manages lock lifecycle
        state.with_lock("deployment", "task-123", 300, function()
            -- Operations inside lock
            state.set("deployment:status", "updating")
            -- ... perform update ...
            state.set("deployment:status", "complete")
        end)
    end
})
