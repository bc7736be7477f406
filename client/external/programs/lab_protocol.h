/* What the clients in C share of the lab's protocol (docs/clients.md). */
#include <stdio.h>

/* Writes a text as a JSON string. */
static void say_string(const char *text) {
  putchar('"');
  for (; *text; text++) {
    if ((unsigned char)*text < ' ' || *text == '"' || *text == '\\') printf("\\u%04x", *text);
    else putchar(*text);
  }
  putchar('"');
}
