/* limit.c - what libcurl alone needs for the same transfers: the figure that the others are divided by.
 *
 *   limit serial URL N [CA]         N requests, one after another, on one handle
 *   limit many URL N TOGETHER [CA]  N requests, so many at once; over HTTP/2 on one connection, if the server lets them
 * Each has the headers that the service wants, with another nonce and signature, since HTTP/2 sends what it has sent
 * before as a number. Nothing is signed.
 * Prints microseconds of processor time for each request, and of the clock; and the KiB of memory at its highest. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MOST = 1000, LINES = 8, NONCE_DIGITS = 32, SIGNATURE_DIGITS = 64 };

#define AUTHORIZATION                                                                                                  \
  "Authorization: ACS3-HMAC-SHA256 Credential=LTAI5tBenchBenchBench00,SignedHeaders=host;x-acs-action;"                \
  "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature="
#define NONCE "x-acs-signature-nonce: "

struct request {
  char authorization[sizeof AUTHORIZATION + SIGNATURE_DIGITS], nonce[sizeof NONCE + NONCE_DIGITS];
  struct curl_slist headers[LINES];
  char *body;
  size_t len, size;
};

static const char *url, *ca_file;

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t collect(char *data, size_t size, size_t count, void *user) {
  struct request *r = user;
  size_t len = size * count;
  if (r->len + len > r->size) {
    r->size = (r->len + len) * 2;
    r->body = realloc(r->body, r->size);
    if (!r->body) exit(1);
  }
  memcpy(r->body + r->len, data, len);
  r->len += len;
  return len;
}

static void write_digits(char *out, int digits) {
  static unsigned state = 1;
  for (int i = 0; i < digits; i++) {
    state = state * 1664525 + 1013904223;
    out[i] = "0123456789abcdef"[state >> 28];
  }
}

static void renew(struct request *r) {
  r->len = 0;
  write_digits(r->nonce + sizeof NONCE - 1, NONCE_DIGITS);
  write_digits(r->authorization + sizeof AUTHORIZATION - 1, SIGNATURE_DIGITS);
}

static void write_headers(struct request *r) {
  static char action[] = "x-acs-action: GetRepoSyncTask", version[] = "x-acs-version: 2018-12-01",
              date[] = "x-acs-date: 2026-01-02T03:04:05Z", accept[] = "Accept: application/json",
              no_type[] = "Content-Type:",
              hash[] = "x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  char *lines[LINES] = {r->authorization, r->nonce, action, version, date, hash, accept, no_type};
  memcpy(r->authorization, AUTHORIZATION, sizeof AUTHORIZATION);
  memcpy(r->nonce, NONCE, sizeof NONCE);
  for (int i = 0; i < LINES; i++)
    r->headers[i] = (struct curl_slist){.data = lines[i], .next = i + 1 < LINES ? &r->headers[i + 1] : NULL};
  renew(r);
}

static CURL *make_handle(struct request *r) {
  CURL *easy = curl_easy_init();
  if (!easy) exit(1);
  write_headers(r);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, r->headers);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, r);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, 0L);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
  if (ca_file) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
  return easy;
}

static void perform(CURL *easy, struct request *r) {
  renew(r);
  CURLcode code = curl_easy_perform(easy);
  if (code == CURLE_OK) return;
  fprintf(stderr, "limit: %s\n", curl_easy_strerror(code));
  exit(1);
}

static void serial(int n) {
  static struct request r;
  CURL *easy = make_handle(&r);
  if (n > 1) perform(easy, &r); /* the connection */
  double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
  for (int i = 0; i < n; i++) perform(easy, &r);
  printf("%f %f\n", (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / n * 1e6, (seconds(CLOCK_MONOTONIC) - wall) / n * 1e6);
  curl_easy_cleanup(easy);
  free(r.body);
}

static void many(int n, int together) {
  static struct request requests[MOST];
  CURLM *multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, 2147483647L); /* the server's limit, not libcurl's 100 */
  int started = 0, done = 0, running, left;
  double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
  while (started < together && started < n) curl_multi_add_handle(multi, make_handle(&requests[started])), started++;
  while (done < n) {
    curl_multi_perform(multi, &running);
    for (CURLMsg *m; (m = curl_multi_info_read(multi, &left));) {
      if (m->msg != CURLMSG_DONE) continue;
      if (m->data.result != CURLE_OK) exit(1);
      CURL *easy = m->easy_handle;
      struct request *r;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &r);
      curl_multi_remove_handle(multi, easy);
      renew(r);
      done++;
      if (started < n) curl_multi_add_handle(multi, easy), started++;
    }
    if (done < n) curl_multi_poll(multi, NULL, 0, 1000, NULL);
  }
  printf("%f %f\n", (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6, (seconds(CLOCK_MONOTONIC) - wall) * 1e6);
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  curl_global_init(CURL_GLOBAL_DEFAULT);
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
