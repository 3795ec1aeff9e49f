-- Runs busted in this very interpreter (its command picks its own), so that a preloaded sanitizer or valgrind
-- sees the module and nothing else. Usage: lua5.4 spec/support/run.lua [busted's options] [spec files]

table.insert(arg, 1, "--output=spec.support.report")
table.insert(arg, 1, "--run=make") -- the part of .busted that leaves Lua and paths as they are here
require "busted.runner" { standalone = false }
