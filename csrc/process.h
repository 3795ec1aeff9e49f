/* process.h - runs a program without a shell, for a profile that names one, and reads its output. The caller limits its
 * time. Knows Lua and POSIX. Nothing here blocks for more than a moment. */
#ifndef CRSYNC_PROCESS_H
#define CRSYNC_PROCESS_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Registers the type of the userdata, which kills and reaps its program when it is collected or closed. */
void process_open(lua_State *L);

/* The Lua function spawn(words): starts words[1], looked up in PATH, with the arguments words, standard input empty.
 * Returns the process, or nil and the system's reason. Its method `poll` reads what there is:
 *   process:poll() -> nil                                 it is running
 *   process:poll() -> output, errors, status               it has ended; status is nil after a signal, and in a forked
 *                                                          child of the process that has started it
 * Output and errors are cut at 64 KiB. process:close() kills the program and what it has started. */
int process_spawn(lua_State *L);

#pragma GCC visibility pop

#endif
