/* threads.c - a C program with eight threads, each with a Lua state of its own that uses crsync. See threads.md.
 *
 *   cc threads.c -o threads $(pkg-config --cflags --libs lua5.4 libcurl) -lpthread
 *   ./threads 50 cri-sandbox rst-small     calls in each thread, and what they ask for
 *
 * The program uses libcurl itself, before, during and after: crsync leaves the process's libcurl as it is. */
#include <curl/curl.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 8 };

/* Each thread asks for tasks of its own unless one was named, and checks that the answers are its own too. At its end a
 * request is still in flight, in a coroutine that waits for it: the state closes all the same. */
static const char script[] = "local thread, calls, instance, task_id = ...\n"
                             "local crsync = require 'crsync'\n"
                             "local client = assert(crsync.new())\n"
                             "for i = 1, calls do\n"
                             "  local id = task_id or ('rst-%d-%d'):format(thread, i)\n"
                             "  local task = assert(client:get_task(instance, id))\n"
                             "  assert(task.SyncTaskId == id, task.SyncTaskId)\n"
                             "end\n"
                             "client:close()\n"
                             "local waits = { wait = coroutine.yield, sleep = coroutine.yield }\n"
                             "local left = assert(crsync.new { loop = waits })\n"
                             "coroutine.wrap(function() left:get_task(instance, 'rst-left') end)()\n";

struct work {
  int thread, calls, failed;
  const char *instance, *task_id;
};

static void *run(void *argument) {
  struct work *work = argument;
  lua_State *L = luaL_newstate();
  if (!L) {
    work->failed = 1;
    return NULL;
  }
  luaL_openlibs(L);
  lua_settop(L, 0);
  work->failed = luaL_loadstring(L, script) != LUA_OK;
  if (!work->failed) {
    lua_pushinteger(L, work->thread);
    lua_pushinteger(L, work->calls);
    lua_pushstring(L, work->instance);
    lua_pushstring(L, work->task_id); /* NULL becomes nil */
    work->failed = lua_pcall(L, 4, 0, 0) != LUA_OK;
  }
  if (work->failed) fprintf(stderr, "thread %d: %s\n", work->thread, luaL_tolstring(L, -1, NULL));
  lua_close(L);
  return NULL;
}

/* Two states in one thread take turns, and one goes on after the other has been closed. */
static int states_take_turns(void) {
  static const char make[] = "client = assert(require 'crsync'.new { user_agent = 'turns' })";
  static const char ask[] = "local task, err = client:get_task('cri-1', 'rst-turn')\n"
                            "assert(task or err.kind == 'not_found', err)";
  lua_State *a = luaL_newstate(), *b = luaL_newstate();
  if (!a || !b) return 0;
  luaL_openlibs(a);
  luaL_openlibs(b);
  int failed = luaL_dostring(a, make) || luaL_dostring(b, make) || luaL_dostring(a, ask) || luaL_dostring(b, ask);
  lua_close(a);
  failed = failed || luaL_dostring(b, ask);
  lua_close(b);
  return !failed;
}

static size_t ignore(char *data, size_t size, size_t count, void *user) {
  (void)data, (void)user;
  return size * count;
}

/* Whether the program's own use of libcurl works. */
static int own_request_works(void) {
  CURL *easy = curl_easy_init();
  if (!easy) return 0;
  curl_easy_setopt(easy, CURLOPT_URL, getenv("ALIBABA_CLOUD_ENDPOINT"));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  CURLcode code = curl_easy_perform(easy);
  curl_easy_cleanup(easy);
  return code == CURLE_OK;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: threads CALLS [INSTANCE [TASK]]\n");
    return 2;
  }
  struct work work[THREADS];
  pthread_t threads[THREADS];
  int failed = 0, calls = atoi(argv[1]);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  for (int i = 0; i < THREADS; i++) {
    work[i] = (struct work){i + 1, calls, 0, argc > 2 ? argv[2] : "cri-1", argc > 3 ? argv[3] : NULL};
    if (pthread_create(&threads[i], NULL, run, &work[i])) return 1;
  }
  failed += !own_request_works();
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    failed += work[i].failed;
  }
  failed += !states_take_turns();
  failed += !own_request_works();
  curl_global_cleanup();
  printf("%d threads, %d calls each, %d failures\n", THREADS, calls, failed);
  return failed != 0;
}
