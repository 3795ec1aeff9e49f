/* ca_store.c - see ca_store.h. */
#define _GNU_SOURCE
#include "ca_store.h"

#include <dirent.h>
#include <string.h>

/* ---- what is trusted ----------------------------------------------------------------------------- */

static int set_file(CURL *easy, const char *file) {
  return curl_easy_setopt(easy, CURLOPT_CAINFO, file) || curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, file) ? -1 : 0;
}

static int set_both(CURL *easy, const char *file, const char *path) {
  return set_file(easy, file) || curl_easy_setopt(easy, CURLOPT_CAPATH, path) ||
                 curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, path)
             ? -1
             : 0;
}

/* Returns the file that was left out, or NULL when nothing was changed. */
static const char *leave_bundle_out(CURL *easy);

#if LIBCURL_VERSION_NUM >= 0x075400

static int is_hashed_name(const char *name) { return strspn(name, "0123456789abcdef") == 8 && name[8] == '.'; }

/* Whether there are links in it whose names are hashes, by which OpenSSL finds a certificate. */
static int is_hashed_folder(const char *path) {
  DIR *folder = opendir(path);
  if (!folder) return 0;
  const struct dirent *entry;
  int found = 0;
  while (!found && (entry = readdir(folder))) found = is_hashed_name(entry->d_name);
  closedir(folder);
  return found;
}

static const char *leave_bundle_out(CURL *easy) {
  char *file = NULL, *path = NULL;
  if (curl_easy_getinfo(easy, CURLINFO_CAINFO, &file) || curl_easy_getinfo(easy, CURLINFO_CAPATH, &path)) return NULL;
  if (!file || !path || strncmp(file, path, strlen(path)) != 0 || file[strlen(path)] != '/') return NULL;
  if (is_hashed_folder(path) && !set_both(easy, NULL, path)) return file;
  return NULL;
}

#else /* it does not tell where it looks */

static const char *leave_bundle_out(CURL *easy) {
  (void)easy;
  return NULL;
}

#endif

int ca_store_apply(struct ca_store *s, CURL *easy, const char *file, const char *path, int skip_verify) {
  long verify = !skip_verify, host = skip_verify ? 0L : 2L;
  if (curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify) || curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, host) ||
      curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2))
    return -1;
  if (file || path) return set_both(easy, file, path);
  s->bundle = leave_bundle_out(easy);
  return 0;
}

int ca_store_add_bundle(struct ca_store *s, CURLcode code, CURL *template, CURL *easy) {
  if (code != CURLE_PEER_FAILED_VERIFICATION || !s->bundle) return 0;
  if (set_file(template, s->bundle) || set_file(easy, s->bundle)) return 0;
  s->bundle = NULL;
  return 1;
}
