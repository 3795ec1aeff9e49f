/* limit.c - what libcurl alone needs for the same transfers: the figure that the others are divided by.
 *
 *   limit serial URL N [CA]         N requests, one after another, on one handle
 *   limit many URL N TOGETHER [CA]  N requests, so many at once; over HTTP/2 on one connection, if the server lets them
 * Prints microseconds of processor time for each request, and of the clock; and the KiB of memory at its highest. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MOST = 1000 };

struct body {
  char *data;
  size_t len, size;
};

static struct curl_slist *headers;
static const char *url, *ca_file;

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t collect(char *data, size_t size, size_t count, void *user) {
  struct body *b = user;
  size_t len = size * count;
  if (b->len + len > b->size) {
    b->size = (b->len + len) * 2;
    b->data = realloc(b->data, b->size);
    if (!b->data) exit(1);
  }
  memcpy(b->data + b->len, data, len);
  b->len += len;
  return len;
}

static CURL *make_handle(struct body *b) {
  CURL *easy = curl_easy_init();
  if (!easy) exit(1);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, 0L);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, b);
  if (ca_file) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
  return easy;
}

static void perform(CURL *easy, struct body *b) {
  b->len = 0;
  CURLcode code = curl_easy_perform(easy);
  if (code == CURLE_OK) return;
  fprintf(stderr, "limit: %s\n", curl_easy_strerror(code));
  exit(1);
}

static void serial(int n) {
  struct body b = {0};
  CURL *easy = make_handle(&b);
  if (n > 1) perform(easy, &b); /* the connection */
  double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
  for (int i = 0; i < n; i++) perform(easy, &b);
  printf("%f %f\n", (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / n * 1e6, (seconds(CLOCK_MONOTONIC) - wall) / n * 1e6);
  curl_easy_cleanup(easy);
  free(b.data);
}

static void many(int n, int together) {
  static struct body bodies[MOST];
  CURLM *multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, 2147483647L); /* the server's limit, not libcurl's 100 */
  int started = 0, done = 0, running, left;
  double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
  while (started < together && started < n) curl_multi_add_handle(multi, make_handle(&bodies[started])), started++;
  while (done < n) {
    curl_multi_perform(multi, &running);
    for (CURLMsg *m; (m = curl_multi_info_read(multi, &left));) {
      if (m->msg != CURLMSG_DONE) continue;
      if (m->data.result != CURLE_OK) exit(1);
      CURL *easy = m->easy_handle;
      curl_multi_remove_handle(multi, easy);
      done++;
      if (started < n) curl_multi_add_handle(multi, easy), started++;
    }
    if (done < n) curl_multi_poll(multi, NULL, 0, 1000, NULL);
  }
  printf("%f %f\n", (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6, (seconds(CLOCK_MONOTONIC) - wall) * 1e6);
}

int main(int argc, char **argv) {
  static const char *const lines[] = {
      "Authorization: ACS3-HMAC-SHA256 Credential=LTAI5tBenchBenchBench00,SignedHeaders=host;x-acs-action;x-acs-date,"
      "Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
      "x-acs-action: GetRepoSyncTask",
      "x-acs-version: 2018-12-01",
      "x-acs-date: 2026-01-02T03:04:05Z",
      "x-acs-signature-nonce: 0123456789abcdef0123456789abcdef",
      "x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "Accept: application/json",
      "Content-Type:"};
  if (argc < 4) return 2;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) headers = curl_slist_append(headers, lines[i]);
  url = argv[2];
  int is_serial = !strcmp(argv[1], "serial"), next = is_serial ? 4 : 5;
  ca_file = argc > next ? argv[next] : NULL;
  if (is_serial)
    serial(atoi(argv[3]));
  else
    many(atoi(argv[3]), atoi(argv[4]));
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("%ld\n", usage.ru_maxrss);
  return 0;
}
