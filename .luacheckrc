std = "lua54"
max_line_length = 120
cache = true
files["spec/**/*_spec.lua"] = { std = "lua54+busted" }
files["examples/spec_*.lua"] = { std = "lua54+busted" }
files["spec/hosts/*.lua"] = { std = "lua54+busted" }
files["examples/embedding/*.lua"] = { globals = { "collectd", "core", "event", "lighty", "module", "mp",
  "ngx", "vim", "weechat" } } -- the hosts'
files["lua/crsync/types.lua"] = { ignore = { "2.." } } -- declarations without bodies
