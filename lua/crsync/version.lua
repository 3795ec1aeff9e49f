--- crsync's version. Whoever needs it takes it from here: `crsync._VERSION`, the User-Agent, releases, the man page.

return "0.1.0"
