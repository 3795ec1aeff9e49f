/* compat.h - what differs between Lua versions, and nothing else.
 *
 * crsync is built for Lua 5.4. The module exports its luaopen_ function alone; everything else is
 * hidden by a pragma in each header, since LuaRocks' builtin build takes no visibility flag: a host that
 * carries symbols of the same names is not disturbed. */
#ifndef CRSYNC_COMPAT_H
#define CRSYNC_COMPAT_H

#if defined(__has_include)
#if !__has_include(<lua.h>)
#error                                                                                                                 \
    "Lua's headers are missing: apt-get install liblua5.4-dev | dnf install lua-devel | apk add lua5.4-dev | brew install lua@5.4; elsewhere give LUA_INCDIR"
#endif
#endif

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM != 504
#error "crsync needs Lua 5.4: point LUA_INCDIR at the headers of Lua 5.4 (Debian: liblua5.4-dev)"
#endif

#define CRSYNC_EXPORT __attribute__((visibility("default")))

#endif
