/* timer.h - a descriptor that becomes readable after some time, or as soon as another descriptor does. For event loops
 * that can wait for descriptors and for nothing else. Joins Lua and pollset. */
#ifndef CRSYNC_TIMER_H
#define CRSYNC_TIMER_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Registers the type of the userdata. */
void timer_open(lua_State *L);

/* The Lua function timer(seconds, fd or nil) -> timer; raises when there are no descriptors left.
 *   timer:pollfd()   the descriptor; readable after so many seconds, or as soon as fd is
 *   timer:close()    closes it; so does the collector */
int timer_new(lua_State *L);

#pragma GCC visibility pop

#endif
