/* task_operation.c - see task_operation.h. */
#include "task_operation.h"

#include <stddef.h>

struct entry {
  const char *name, *value;
};

static const struct entry operation[] = {
    {"action", "GetRepoSyncTask"}, {"version", "2018-12-01"}, {"method", "POST"}, {"echo", "SyncTaskId"}, {NULL, NULL},
};

/* The documented types of the response's fields: types.h. */
static const struct entry task[] = {
    {"IsSuccess", "boolean"},
    {"TaskStatus", "string"},
    {"Progress", "integer"},
    {"SyncedSize", "integer"},
    {"Priority", "integer"},
    {"CrossUser", "boolean"},
    {"ImageFrom", "object"},
    {"ImageTo", "object"},
    {"SyncTransAccelerate", "boolean"},
    {NULL, NULL},
};

static const struct entry layer[] = {
    {"Size", "integer"},
    {"SyncedSize", "integer"},
    {"TaskStatus", "string"},
    {NULL, NULL},
};

static void push_table(lua_State *L, const struct entry *entries) {
  lua_newtable(L);
  for (; entries->name; entries++) {
    lua_pushstring(L, entries->value);
    lua_setfield(L, -2, entries->name);
  }
}

void task_operation_push(lua_State *L) {
  push_table(L, operation);
  push_table(L, task);
  push_table(L, layer);
  lua_setfield(L, -2, "LayerTasks");
  lua_setfield(L, -2, "response");
  lua_newtable(L);
  lua_pushliteral(L, "TaskStatus");
  lua_rawseti(L, -2, 1);
  lua_setfield(L, -2, "holds");
}
