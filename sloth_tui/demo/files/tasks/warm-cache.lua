-- Ask for every page once, slowly: a run to watch beside another one, and to stop.

local pages = values.pages or 120

task({
    name = "warm-cache",
    description = "Ask for every page once",
    run = function()
        for page = 1, pages do
            if not run.check then cmd({ command = "sleep 0.5", changed = false }) end
            print(string.format("%3d of %d  /products/%d", page, pages, 7 * page))
        end
        state.set("cache:warm_pages", pages)
    end,
})
