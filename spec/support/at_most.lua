-- A bound on how long something may take, with room for a busy machine: the clock tells only what hangs or waits for
-- the wrong thing, never how fast this machine is. SLOWED says how many times a sanitizer or valgrind slows the run.
--
--   assert.is_true(core.now() - started < at_most(0.5))

local ROOM = 3 * tonumber(os.getenv "SLOWED" or 1)

return function(seconds) return seconds * ROOM end
