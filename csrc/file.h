/* file.h - reads small files that hold keys, and finds the user's home folder. Joins Lua and POSIX. */
#ifndef CRSYNC_FILE_H
#define CRSYNC_FILE_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* The Lua function read_file(path): the whole of a regular file of at most 1 MiB, and what others than its owner may do
 * with it: "read", "changed", "read and changed", or false. Otherwise nil, the reason, and whether there is such a
 * file. Never blocks, not even on a pipe. */
int file_read(lua_State *L);

/* The Lua function check_file(path, wanted): true for a file or folder that can be opened, or for what is wanted of
 * the two: "file" or "folder"; otherwise as read_file. Never blocks either. */
int file_check(lua_State *L);

/* The Lua function home(): the user's home folder of the system's list of users, or nil. */
int file_home(lua_State *L);

#pragma GCC visibility pop

#endif
