/*
 * stdio_proxy: which proxy a connection that failed went through, for sentences.
 *
 * libcurl reads the variables itself and decides; it does not tell what it decided.  What is said
 * here is said only where it is certain.
 */
#ifndef STDIO_PROXY_H
#define STDIO_PROXY_H

#include "base.h"

/*
 * The variable that names the proxy on the way to url ("HTTPS_PROXY"), where no connection came about
 * and why is what libcurl says of that.  NULL: there was none, or it is not certain.
 */
const char *stdio_proxy_used(const char *url, const char *why) must_use;

#endif
