/* Reads names, a line each, and writes the addresses of each name in the order of getaddrinfo(3). */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(void) {
  char name[256], text[INET6_ADDRSTRLEN];
  while (fgets(name, sizeof name, stdin)) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
    name[strcspn(name, "\n")] = 0;
    int error = getaddrinfo(name, NULL, &hints, &list);
    printf("%s", error ? gai_strerror(error) : "");
    for (struct addrinfo *each = list; each; each = each->ai_next)
      printf("%s ", inet_ntop(each->ai_family, each->ai_family == AF_INET ? (void *)&((struct sockaddr_in *)each->ai_addr)->sin_addr : (void *)&((struct sockaddr_in6 *)each->ai_addr)->sin6_addr, text, sizeof text));
    puts("");
    if (list) freeaddrinfo(list);
  }
}
