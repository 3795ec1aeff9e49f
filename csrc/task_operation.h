/* task_operation.h - the one operation that the core knows by itself, GetRepoSyncTask, so that its get_task works
 * alone. Data, and how it becomes a table of Lua's. All operations are in lua/crsync/operations.lua; a spec holds this
 * one against that. */
#ifndef CRSYNC_TASK_OPERATION_H
#define CRSYNC_TASK_OPERATION_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Pushes a new table: action, version, method, response, holds, echo. */
void task_operation_push(lua_State *L);

#pragma GCC visibility pop

#endif
