/* ca_store.c - see ca_store.h. */
#define _GNU_SOURCE
#include "ca_store.h"

#include <dirent.h>
#include <openssl/x509_vfy.h>
#include <string.h>

/* ---- what is trusted ----------------------------------------------------------------------------- */

static int set_both(CURL *easy, const char *file, const char *path) {
  return curl_easy_setopt(easy, CURLOPT_CAINFO, file) || curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, file) ||
                 curl_easy_setopt(easy, CURLOPT_CAPATH, path) || curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, path)
             ? -1
             : 0;
}

/* GnuTLS reads all files of a folder, where OpenSSL reads those that it looks for. */
static int is_gnutls(void) {
  const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;
  return library && !strncmp(library, "GnuTLS", 6);
}

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

static void leave_one_out(struct ca_store *s, CURL *easy) {
  char *file = NULL, *path = NULL;
  if (curl_easy_getinfo(easy, CURLINFO_CAINFO, &file) || curl_easy_getinfo(easy, CURLINFO_CAPATH, &path)) return;
  if (!file || !path || strncmp(file, path, strlen(path)) != 0 || file[strlen(path)] != '/') return;
  int failed = is_gnutls() ? set_both(easy, file, NULL) : is_hashed_folder(path) ? set_both(easy, NULL, path) : -1;
  if (!failed) *s = (struct ca_store){.file = file, .path = path, .is_partial = 1};
}

#else /* it does not tell where it looks */

static void leave_one_out(struct ca_store *s, CURL *easy) { (void)s, (void)easy; }

#endif

int ca_store_apply(struct ca_store *s, CURL *easy, const char *file, const char *path, int skip_verify) {
  long verify = !skip_verify, host = skip_verify ? 0L : 2L;
  if (curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify) || curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, host) ||
      curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ||
      curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2))
    return -1;
  if (file || path) return set_both(easy, file, path);
  leave_one_out(s, easy);
  return 0;
}

int ca_store_add_rest(const struct ca_store *s, CURL *easy) { return set_both(easy, s->file, s->path); }

int ca_store_complete(struct ca_store *s, CURL *easy) {
  s->is_partial = 0;
  return ca_store_add_rest(s, easy);
}

/* ---- a certificate that is refused --------------------------------------------------------------- */

long ca_store_verdict(long verdict) {
  /* The flags of gnutls_certificate_status_t, the one that tells most first. */
  static const struct {
    long flag, verdict;
  } gnutls[] = {
      {1 << 6, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
      {1 << 7, X509_V_ERR_INVALID_CA},
      {1 << 5, X509_V_ERR_CERT_REVOKED},
      {1 << 10, X509_V_ERR_CERT_HAS_EXPIRED},
      {1 << 9, X509_V_ERR_CERT_NOT_YET_VALID},
  };
  if (!verdict || !is_gnutls()) return verdict;
  for (size_t i = 0; verdict > 0 && i < sizeof gnutls / sizeof *gnutls; i++)
    if (verdict & gnutls[i].flag) return gnutls[i].verdict;
  return X509_V_ERR_UNSPECIFIED;
}
