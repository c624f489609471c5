// The limit that dq is compared with: a beanstalkd client in C that does nothing but keep each connection full.
//
//   pipe put WINDOW DELAY PORT...  < lines   each line to every node, as <due ns>/<line>
//   pipe drain WINDOW PORT...                every ready job of every node reserved and deleted
//
// WINDOW: commands in flight on each connection. Prints how many jobs each node took or gave.

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_NODES = 16, BUFFER = 1 << 18, LONGEST_LINE = 4096, TTR = 60, PRIORITY = 1024 };

#define RESERVED "RESERVED "

typedef struct {
  int socket;
  char out[BUFFER];
  size_t from, to;  // what of `out` isn't written yet
  char in[BUFFER + 1];
  size_t filled;  // what of `in` isn't understood yet
  long flying;    // commands without a reply
  long jobs;
  int dry;  // a reserve found nothing
} Node;

static Node nodes[MOST_NODES];
static int count;
static long window;

static void die(const char *what) {
  fprintf(stderr, "pipe: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
  exit(1);
}

static void dial(Node *node, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int one = 1;
  node->socket = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(node->socket, (struct sockaddr *)&address, sizeof address)) die("connect");
  setsockopt(node->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static int has_room(const Node *node) {
  return node->flying < window && BUFFER - node->to > LONGEST_LINE;
}

static void append(Node *node, const char *format, ...) {
  va_list words;
  va_start(words, format);
  node->to += vsnprintf(node->out + node->to, BUFFER - node->to, format, words);
  va_end(words);
  node->flying++;
}

static void send_some(Node *node) {
  ssize_t sent = send(node->socket, node->out + node->from, node->to - node->from, MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN) die("send");
  if (sent > 0) node->from += sent;
  if (node->from == node->to) node->from = node->to = 0;
}

// The length of the first whole reply in `in`, its body included; 0 when it hasn't all come.
static size_t reply_length(const char *in, size_t filled) {
  const char *end = memchr(in, '\n', filled);
  if (end == NULL) return 0;
  size_t length = end + 1 - in;
  if (!strncmp(in, RESERVED, strlen(RESERVED))) {
    char *after_id;
    strtoull(in + strlen(RESERVED), &after_id, 10);
    length += strtoul(after_id, NULL, 10) + 2;
  }
  return length <= filled ? length : 0;
}

static void receive(Node *node, void (*on_reply)(Node *, const char *)) {
  ssize_t got = recv(node->socket, node->in + node->filled, BUFFER - node->filled, MSG_DONTWAIT);
  if (got == 0) die("closed");
  if (got < 0 && errno != EAGAIN) die("recv");
  if (got > 0) node->filled += got;
  node->in[node->filled] = '\0';
  size_t at = 0, length;
  while ((length = reply_length(node->in + at, node->filled - at)) > 0) {
    node->flying--;
    on_reply(node, node->in + at);
    at += length;
  }
  memmove(node->in, node->in + at, node->filled -= at);
}

// Until something can be written that must be, or something comes.
static void turn(void (*on_reply)(Node *, const char *)) {
  struct pollfd polls[MOST_NODES];
  for (int i = 0; i < count; i++) {
    short out = nodes[i].to > nodes[i].from ? POLLOUT : 0;
    polls[i] = (struct pollfd){.fd = nodes[i].socket, .events = POLLIN | out};
  }
  if (poll(polls, count, -1) < 0) die("poll");
  for (int i = 0; i < count; i++) {
    if (polls[i].revents & POLLOUT) send_some(&nodes[i]);
    if (polls[i].revents & ~POLLOUT) receive(&nodes[i], on_reply);
  }
}

static void on_put(Node *node, const char *reply) {
  if (strncmp(reply, "INSERTED ", 9)) die(reply);
  node->jobs++;
}

static int all_have_room(void) {
  for (int i = 0; i < count; i++)
    if (!has_room(&nodes[i])) return 0;
  return 1;
}

static int any_flies(void) {
  for (int i = 0; i < count; i++)
    if (nodes[i].flying > 0) return 1;
  return 0;
}

static void put(const char *delay) {
  static char line[LONGEST_LINE / 2], body[LONGEST_LINE / 2 + 32];
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  unsigned long long due = now.tv_sec * 1000000000ull + now.tv_nsec;
  for (; fgets(line, sizeof line, stdin); due++) {
    while (!all_have_room()) turn(on_put);
    line[strcspn(line, "\n")] = '\0';
    int length = sprintf(body, "%llu/%s", due, line);
    for (int i = 0; i < count; i++)
      append(&nodes[i], "put %d %s %d %d\r\n%s\r\n", PRIORITY, delay, TTR, length, body);
  }
  while (any_flies()) turn(on_put);
}

static void on_drained(Node *node, const char *reply) {
  if (!strncmp(reply, RESERVED, strlen(RESERVED)))
    append(node, "delete %llu\r\n", strtoull(reply + strlen(RESERVED), NULL, 10));
  else if (!strncmp(reply, "DELETED", 7)) node->jobs++;
  else if (!strncmp(reply, "TIMED_OUT", 9)) node->dry = 1;
  else die(reply);
}

static void drain(void) {
  do {
    for (int i = 0; i < count; i++)
      while (!nodes[i].dry && has_room(&nodes[i])) append(&nodes[i], "reserve-with-timeout 0\r\n");
    turn(on_drained);
  } while (any_flies());
}

int main(int argc, char **argv) {
  int putting = argc > 1 && !strcmp(argv[1], "put");
  int ports = putting ? 4 : 3;
  if (argc <= ports || argc - ports > MOST_NODES) die("usage: put WINDOW DELAY PORT... | drain WINDOW PORT...");
  window = atol(argv[2]);
  for (; ports + count < argc; count++) dial(&nodes[count], atoi(argv[ports + count]));
  if (putting) put(argv[3]);
  else drain();
  for (int i = 0; i < count; i++) printf("%ld\n", nodes[i].jobs);
}
