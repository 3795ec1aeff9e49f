#!/usr/bin/env lua5.4
--- The installed command.
os.exit(require "crsync.cli".run(arg), true)
