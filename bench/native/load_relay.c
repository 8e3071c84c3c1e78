#include "load_relay.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

#include "connect_all.h"
#include "die.h"
#include "sockets.h"

enum { kPatienceMs = 10000 };

static int listener = -1;
static pthread_mutex_t pairing = PTHREAD_MUTEX_INITIALIZER;

void relay_open(Run* run) {
  int port = 0;
  listener = listen_tcp("127.0.0.1", 0, &port);
  fprintf(stderr, "upstream %d\n", port);
  int relay_port = 0;
  if (scanf("%d", &relay_port) != 1 || relay_port < 1 || relay_port > 65535) {
    die("the relay's port was expected on stdin");
  }
  run->target = parse_address(run->options->host, relay_port);
}

void relay_pair(const Run* run, int index, int* near_fd, int* far_fd) {
  pthread_mutex_lock(&pairing);
  connect_all(run, index, 1, near_fd);
  struct pollfd wait = {.fd = listener, .events = POLLIN};
  if (poll(&wait, 1, kPatienceMs) != 1)
    die("the relay did not connect to its upstream within 10 s");
  *far_fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (*far_fd < 0) die_errno("accept");
  pthread_mutex_unlock(&pairing);
}
