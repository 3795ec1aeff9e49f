/* terminal.h - whether a descriptor is a terminal, and how large the process's own is. Joins Lua and POSIX. In C, as a
 * shell would have to be asked otherwise, and while os.execute waits for one an interrupt is lost. */
#ifndef CRSYNC_TERMINAL_H
#define CRSYNC_TERMINAL_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* The Lua function is_terminal(descriptor). */
int terminal_is(lua_State *L);

/* The Lua function terminal_size(): lines and columns of the terminal that the process is attached to, whatever its
 * descriptors are; 0 and 0 where there is none, and where it does not know. */
int terminal_size(lua_State *L);

#pragma GCC visibility pop

#endif
