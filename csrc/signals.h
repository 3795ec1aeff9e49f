/* signals.h - what a program that owns its process does with signals, such as the command; the library never does.
 * Joins Lua and POSIX. */
#ifndef CRSYNC_SIGNALS_H
#define CRSYNC_SIGNALS_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* The Lua function heed_sigterm(): from now on SIGTERM ends the program as Ctrl-C does, also as process 1, which the
 * system spares signals that it does not heed. The interpreter raises "interrupted!" where the script is. A second
 * SIGTERM, or one while nobody listens to interrupts, ends the process at once, with status 143. */
int signals_heed_sigterm(lua_State *L);

/* The Lua function was_terminated(): whether SIGTERM has come since. */
int signals_was_terminated(lua_State *L);

/* The Lua function without_sigpipe(f): calls f; writing where nobody reads is an error then, not the process's end. */
int signals_without_sigpipe(lua_State *L);

#pragma GCC visibility pop

#endif
