/*
 * libsoup 3 on GLib's main loop, with the lab's protocol (docs/clients.md). All requests share one SoupSession with default settings. SSL_CERT_FILE names the
 * file that becomes its TLS database. The caller's limit cancels the request, since the session's own timeout is in whole seconds.
 */
#include <gio/gio.h>
#include <libsoup/soup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lab_protocol.h"

typedef struct {
  long id;
  SoupMessage *message;
  GCancellable *cancellable;
  guint timer; /* 0: no limit, or it is over */
} Request;

static SoupSession *session;

/* Returns the text of one field of the request's JSON line, which the caller frees, or NULL. The lines of the lab have no escapes. */
static char *text_of(const char *line, const char *before) {
  const char *at = strstr(line, before);
  const char *end = at ? strchr(at + strlen(before), '"') : NULL;
  return end ? g_strndup(at + strlen(before), end - at - strlen(before)) : NULL;
}

static gboolean time_is_over(gpointer data) {
  Request *request = data;
  request->timer = 0;
  g_cancellable_cancel(request->cancellable);
  return G_SOURCE_REMOVE;
}

static void answer(GObject *source, GAsyncResult *result, gpointer data) {
  Request *request = data;
  GError *error = NULL;
  GBytes *bytes = soup_session_send_and_read_finish(SOUP_SESSION(source), result, &error);
  printf("{\"id\":%ld,", request->id);
  if (bytes) {
    char *body = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    printf("\"status\":%u,\"body\":", soup_message_get_status(request->message));
    say_string(body);
    g_free(body);
    g_bytes_unref(bytes);
  } else {
    char *cause = g_strdup_printf("%s %d: %s", g_quark_to_string(error->domain), error->code, error->message);
    printf("\"error\":");
    say_string(error->message);
    printf(",\"causes\":[");
    say_string(cause);
    printf("]");
    g_free(cause);
    g_error_free(error);
  }
  puts("}");
  fflush(stdout);
  if (request->timer) g_source_remove(request->timer);
  g_object_unref(request->cancellable);
  g_object_unref(request->message);
  g_free(request);
}

static gboolean line_came(GIOChannel *input, GIOCondition condition, gpointer loop) {
  char *line = NULL;
  (void)condition;
  if (g_io_channel_read_line(input, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL) {
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
  }
  char *method = text_of(line, "\"method\":\""), *url = text_of(line, "\"url\":\""), *at;
  Request *request = g_new0(Request, 1);
  request->id = (at = strstr(line, "\"id\":")) ? atol(at + 5) : 0;
  request->message = soup_message_new(method, url);
  request->cancellable = g_cancellable_new();
  if ((at = strstr(line, "\"timeoutMs\":"))) request->timer = g_timeout_add(atol(at + 12), time_is_over, request);
  soup_session_send_and_read_async(session, request->message, G_PRIORITY_DEFAULT, request->cancellable, answer, request);
  g_free(method);
  g_free(url);
  g_free(line);
  return G_SOURCE_CONTINUE;
}

int main(void) {
  GMainLoop *loop = g_main_loop_new(NULL, FALSE);
  const char *ca = g_getenv("SSL_CERT_FILE");
  session = soup_session_new();
  if (ca) {
    GError *error = NULL;
    GTlsDatabase *database = g_tls_file_database_new(ca, &error);
    if (!database) {
      fprintf(stderr, "%s: %s\n", ca, error->message);
      return 1;
    }
    soup_session_set_tls_database(session, database);
    g_object_unref(database);
  }
  GIOChannel *input = g_io_channel_unix_new(0);
  g_io_add_watch(input, G_IO_IN | G_IO_HUP, line_came, loop);
  puts("{\"ready\":true}");
  fflush(stdout);
  g_main_loop_run(loop);
  g_object_unref(session);
  return 0;
}
