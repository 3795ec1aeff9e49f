/* poller.h - a set of descriptors to wait for, for servers written in Lua: select's limit of 1024 is not its own.
 * Joins Lua and pollset. */
#ifndef CRSYNC_POLLER_H
#define CRSYNC_POLLER_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Registers the type of the userdata. */
void poller_open(lua_State *L);

/* The Lua function poller() -> poller, or nil and the reason when no descriptor is left for it.
 *
 *   poller:watch(fd, "r", "w", "rw" or nil): what to wait for there; nil forgets it, before it is closed
 *
 *   poller:wait(seconds) -> { fd, … }: those that are ready; none after so many seconds, after 200 ms, or when a signal
 *   came. A descriptor may be there twice
 *
 *   poller:pollfd(): readable when one of them is ready: for a host's own event loop
 *
 *   poller:close(): so does the collector */
int poller_new(lua_State *L);

#pragma GCC visibility pop

#endif
