/* packages.h - names the package that is missing, where the compiler would only name a header.
 * The messages are made from .ci/packages, by `make docs`. */
#ifndef CRSYNC_PACKAGES_H
#define CRSYNC_PACKAGES_H

#if !defined __GNUC__ || defined __TINYC__
#error "gcc or clang builds crsync, and this compiler is neither"
#endif

#ifdef __has_include
#if !__has_include(<curl/curl.h>)
/* derived: curl */
/* clang-format off */
#error "libcurl's headers are missing: apt-get install libcurl4-openssl-dev | dnf install libcurl-devel | apk add curl-dev | brew install curl; elsewhere give CURL_DIR to LuaRocks or LIB_CFLAGS to make"
/* clang-format on */
/* end: curl */
#endif
#if !__has_include(<openssl/evp.h>)
/* derived: openssl */
/* clang-format off */
#error "OpenSSL's headers are missing: apt-get install libssl-dev | dnf install openssl-devel | apk add openssl-dev | brew install openssl@3; elsewhere give OPENSSL_DIR to LuaRocks or LIB_CFLAGS to make"
/* clang-format on */
/* end: openssl */
#endif
#endif

#endif
