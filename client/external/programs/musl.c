/*
 * A client on musl's getaddrinfo(3), with the lab's protocol (docs/clients.md). It answers one request after the other. It tries the addresses in the
 * order of getaddrinfo, one at a time, and keeps one connection. With --new-connections each request gets its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "lab_protocol.h"

static int kept = -1; /* the connection that is kept, and its host and port */
static char kept_host[256], kept_port[8];
static char reply[1 << 20];
static char causes[4096]; /* why each address failed, as JSON strings with a comma between them */

static const char *name_of(int error) {
  switch (error) {
    case ECONNREFUSED: return "ECONNREFUSED";
    case ECONNRESET: return "ECONNRESET";
    case EPIPE: return "EPIPE";
    case EHOSTUNREACH: return "EHOSTUNREACH";
    case ENETUNREACH: return "ENETUNREACH";
    case ETIMEDOUT: case EAGAIN: case EINPROGRESS: return "ETIMEDOUT";
    default: return strerror(error);
  }
}

static void note_cause(const struct addrinfo *tried, const char *error) {
  char address[64] = "";
  size_t used = strlen(causes);
  if (used + 128 > sizeof causes) return;
  getnameinfo(tried->ai_addr, tried->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST);
  snprintf(causes + used, sizeof causes - used, "%s\"%s: %s\"", used ? "," : "", address, error);
}

/* Returns a connected socket, or -1 with the reason in *error. */
static int dial(const char *host, const char *port, long timeout_ms, const char **error) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
  struct timeval limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
  int failed = getaddrinfo(host, port, &hints, &list);
  if (failed) { *error = gai_strerror(failed); return -1; }
  int connection = -1;
  for (struct addrinfo *each = list; each && connection < 0; each = each->ai_next) {
    connection = socket(each->ai_family, SOCK_STREAM, 0);
    if (connection < 0) { *error = name_of(errno); continue; }
    /* The limit for sending also bounds connect(2): socket(7). */
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(connection, each->ai_addr, each->ai_addrlen) == 0) continue;
    *error = name_of(errno);
    note_cause(each, *error);
    close(connection);
    connection = -1;
  }
  freeaddrinfo(list);
  return connection;
}

/* Sends the request and reads the whole reply. Returns its body, or NULL with the reason in *error; *begun: whether a byte came. */
static char *exchange(int connection, const char *request, const char **error, int *begun, int *closes) {
  size_t got = 0;
  *begun = 0;
  if (send(connection, request, strlen(request), MSG_NOSIGNAL) < 0) { *error = name_of(errno); return NULL; }
  for (;;) {
    ssize_t count = recv(connection, reply + got, sizeof reply - 1 - got, 0);
    if (count < 0) { *error = name_of(errno); return NULL; }
    *begun |= count > 0;
    reply[got += count] = 0;
    char *end = strstr(reply, "\r\n\r\n");
    char *length = end ? strcasestr(reply, "\r\ncontent-length:") : NULL;
    char *close = end ? strcasestr(reply, "\r\nconnection: close") : NULL;
    *closes = count == 0 || (close && close < end);
    if (end && length && length < end && got >= (size_t)(end + 4 - reply) + strtoul(length + 17, NULL, 10)) return end + 4;
    if (end && !(length && length < end) && count == 0) return end + 4;
    if (count == 0 || got == sizeof reply - 1) { *error = "the connection ended before the response was whole"; return NULL; }
  }
}

int main(int argc, char **argv) {
  static char line[8192], request[8192];
  int keeps = !(argc > 1 && strcmp(argv[1], "--new-connections") == 0);
  puts("{\"ready\":true}");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    char method[16] = "GET", host[256] = "", port[8] = "80", path[4096] = "/", *at;
    long id = (at = strstr(line, "\"id\":")) ? atol(at + 5) : 0;
    long timeout_ms = (at = strstr(line, "\"timeoutMs\":")) ? atol(at + 12) : 0;
    if ((at = strstr(line, "\"method\":\""))) sscanf(at + 10, "%15[A-Z]", method);
    if ((at = strstr(line, "\"url\":\"http://"))) {
      sscanf(at += 14, "%255[^:/?\"]", host);
      at += strlen(host);
      if (*at == ':') { sscanf(at, ":%7[0-9]", port); at += 1 + strlen(port); }
      if (*at == '/') sscanf(at, "%4095[^\"]", path);
    }
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: %s:%s\r\n%s%s\r\n", method, path, host, port, keeps ? "" : "Connection: close\r\n", strcmp(method, "GET") ? "Content-Length: 0\r\n" : "");
    const char *error = "no address";
    char *body = NULL;
    *causes = 0;
    if (kept >= 0 && (strcmp(kept_host, host) || strcmp(kept_port, port))) { close(kept); kept = -1; }
    /* A server may close a kept connection at any time. A GET that got no byte of an answer is sent again, on a new connection (RFC 9112 section 9.3.1). */
    for (int again = 1, begun = 0, closes = 0; again; ) {
      int reused = kept >= 0;
      again = 0;
      if (!reused) kept = dial(host, port, timeout_ms, &error);
      if (kept < 0) break;
      body = exchange(kept, request, &error, &begun, &closes);
      if (!body || closes || !keeps) { close(kept); kept = -1; }
      again = !body && reused && !begun && strcmp(method, "GET") == 0;
    }
    strcpy(kept_host, host);
    strcpy(kept_port, port);
    printf("{\"id\":%ld,", id);
    if (body) { printf("\"status\":%d,\"body\":", atoi(reply + 9)); say_string(body); }
    else { printf("\"error\":"); say_string(error); printf(",\"causes\":[%s]", causes); }
    puts("}");
    fflush(stdout);
  }
}
