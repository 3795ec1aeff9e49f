std = "lua54"
max_line_length = 120
cache = true
files["spec/**/*_spec.lua"] = { std = "lua54+busted" }
files["lua/crsync/types.lua"] = { ignore = { "2.." } } -- declarations without bodies
