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
    {"SyncTaskId", "text"},
    {"SyncRuleId", "text"},
    {"SyncBatchTaskId", "text"},
    {"TaskStatus", "string"},
    {"TaskTrigger", "text"},
    {"TaskIssue", "text"},
    {"Progress", "integer"},
    {"SyncedSize", "integer"},
    {"Priority", "integer"},
    {"SyncTransAccelerate", "boolean"},
    {"CrossUser", "boolean"},
    {"RequestId", "text"},
    {"Code", "text"},
    {"IsSuccess", "boolean"},
    {NULL, NULL},
};

static const struct entry image[] = {
    {"RegionId", "text"}, {"InstanceId", "text"}, {"RepoNamespaceName", "text"},
    {"RepoName", "text"}, {"ImageTag", "text"},   {NULL, NULL},
};

static const struct entry layer[] = {
    {"TaskStatus", "string"},
    {"Size", "integer"},
    {"SyncedSize", "integer"},
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
  push_table(L, image);
  lua_setfield(L, -2, "ImageFrom");
  push_table(L, image);
  lua_setfield(L, -2, "ImageTo");
  lua_newtable(L);
  push_table(L, layer);
  lua_rawseti(L, -2, 1);
  lua_setfield(L, -2, "LayerTasks");
  lua_setfield(L, -2, "response");
  lua_newtable(L);
  lua_pushliteral(L, "TaskStatus");
  lua_rawseti(L, -2, 1);
  lua_setfield(L, -2, "holds");
}
