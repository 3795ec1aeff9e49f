/* threads.c - a C program with eight threads, each with a Lua state of its own that uses crsync. See threads.md.
 *
 *   cc threads.c -o threads $(pkg-config --cflags --libs lua5.4 libcurl) -lpthread
 *   ./threads 50          calls in each thread
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

/* Each thread asks for tasks of its own, and checks that the answers are its own too. At its end a request is still in
 * flight: the state closes all the same. */
static const char script[] =
    "local thread, calls = ...\n"
    "local crsync = require 'crsync'\n"
    "local client = assert(crsync.new())\n"
    "for i = 1, calls do\n"
    "  local id = ('rst-%d-%d'):format(thread, i)\n"
    "  local task = assert(client:get_task('cri-1', id))\n"
    "  assert(task.SyncTaskId == id, task.SyncTaskId)\n"
    "end\n"
    "local get = require 'crsync.operations'.GetRepoSyncTask\n"
    "client.engine:start(get, { InstanceId = 'cri-1', SyncTaskId = 'rst-left' })\n";

struct work {
  int thread, calls, failed;
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
    work->failed = lua_pcall(L, 2, 0, 0) != LUA_OK;
  }
  if (work->failed) fprintf(stderr, "thread %d: %s\n", work->thread, luaL_tolstring(L, -1, NULL));
  lua_close(L);
  return NULL;
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
  struct work work[THREADS];
  pthread_t threads[THREADS];
  int failed = 0, calls = argc > 1 ? atoi(argv[1]) : 50;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  for (int i = 0; i < THREADS; i++) {
    work[i] = (struct work){.thread = i + 1, .calls = calls};
    if (pthread_create(&threads[i], NULL, run, &work[i])) return 1;
  }
  failed += !own_request_works();
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    failed += work[i].failed;
  }
  failed += !own_request_works();
  curl_global_cleanup();
  printf("%d threads, %d calls each, %d failures\n", THREADS, calls, failed);
  return failed != 0;
}
