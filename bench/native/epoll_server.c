/* The peer "C on raw epoll", the limit: one thread, edge-triggered, one read and one write per
 * wake-up when the buffers allow it. A source is read again only when all it sent has left. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "die.h"
#include "epoll_connection.h"
#include "rot13.h"
#include "server_options.h"
#include "sockets.h"

enum { kEvents = 512, kReadBytes = 256 * 1024, kMaxLine = 64 * 1024 };

static ServerOptions options;
static struct sockaddr_in upstream;
static int epoll_fd;
static int listener_fd;
static Connection* members;
static unsigned char buffer[kMaxLine + kReadBytes];

static void watch(int fd, uint32_t events, void* owner) {
  struct epoll_event event = {.events = events, .data.ptr = owner};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event)) die_errno("epoll_ctl");
}

/* Connections that have ended are freed after the pass: an event of this pass may still name them.
 */
static Connection* ended;

static void end(Connection* connection) {
  if (connection->closed) return;
  connection->closed = true;
  if (connection->next) connection->next->previous = connection->previous;
  if (connection->previous) connection->previous->next = connection->next;
  if (members == connection) members = connection->next;
  connection->next = ended;
  ended = connection;
  end(connection->sink);
}

static void free_ended(void) {
  while (ended) {
    Connection* connection = ended;
    ended = connection->next;
    connection_free(connection);
  }
}

/* Rotates the whole lines within the buffer and sends them; keeps the beginning of the next one. */
static bool answer_lines(Connection* connection, unsigned char* bytes, size_t length) {
  if (connection->partial_length) {
    bytes -= connection->partial_length;
    length += connection->partial_length;
    memcpy(bytes, connection->partial, connection->partial_length);
    connection->partial_length = 0;
  }
  const unsigned char* last = memrchr(bytes, '\n', length);
  size_t whole = last ? (size_t)(last - bytes) + 1 : 0;
  size_t rest = length - whole;
  if (rest > kMaxLine) return false;
  if (rest) {
    if (!connection->partial) connection->partial = malloc(kMaxLine);
    if (!connection->partial) die("out of memory");
    memcpy(connection->partial, bytes + whole, rest);
    connection->partial_length = rest;
  }
  rot13(bytes, whole);
  return whole == 0 || connection_send(connection, bytes, whole);
}

static bool handle(Connection* connection, unsigned char* bytes, size_t length) {
  if (options.mode == kServeRot13) return answer_lines(connection, bytes, length);
  if (options.mode != kServeFanout) return connection_send(connection->sink, bytes, length);
  for (Connection *member = members, *next; member; member = next) {
    next = member->next;
    if (!connection_send(member, bytes, length)) end(member);
  }
  return true;
}

static void read_from(Connection* connection) {
  while (!connection->closed && !connection_is_full(connection->sink)) {
    unsigned char* bytes = buffer + kMaxLine;
    ssize_t length = recv(connection->fd, bytes, kReadBytes, 0);
    if (length < 0 && errno == EAGAIN) return;
    if (length <= 0 || !handle(connection, bytes, (size_t)length)) {
      end(connection);
      return;
    }
    if (length < kReadBytes) return;
  }
}

static void serve(Connection* connection, uint32_t events) {
  if (connection->closed) return;
  if ((events & EPOLLOUT) && connection_is_full(connection)) {
    if (!connection_flush(connection)) end(connection);
    if (!connection->closed && !connection_is_full(connection)) read_from(connection->source);
  }
  if (events & ~(uint32_t)EPOLLOUT) read_from(connection);
}

static void relay(Connection* near) {
  int fd = connect_tcp(&upstream, 0);
  if (fd < 0) die_errno("connect to the upstream");
  Connection* far = connection_new(fd);
  near->sink = near->source = far;
  far->sink = far->source = near;
  watch(fd, EPOLLIN | EPOLLOUT | EPOLLET, far);
}

static void join(Connection* connection) {
  connection->next = members;
  if (members) members->previous = connection;
  members = connection;
  connection_send(connection, (const unsigned char*)"\n", 1);
}

static void accept_all(void) {
  for (;;) {
    int fd = accept4(listener_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && errno == EAGAIN) return;
    if (fd < 0 && errno != ECONNABORTED && errno != EINTR) die_errno("accept");
    if (fd < 0) continue;
    if (options.mode == kServeAccept) {
      close(fd);
      continue;
    }
    set_no_delay(fd);
    Connection* connection = connection_new(fd);
    if (options.mode == kServeRelay) relay(connection);
    if (options.mode == kServeFanout) join(connection);
    watch(fd, EPOLLIN | EPOLLOUT | EPOLLET, connection);
  }
}

int main(int count, char** arguments) {
  options = parse_server_options(count, arguments);
  int port = 0;
  listener_fd = listen_tcp(options.host, options.port, &port);
  upstream = parse_address(options.host, options.upstream_port);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) die_errno("epoll_create1");
  watch(listener_fd, EPOLLIN, NULL);
  announce_port(port);
  struct epoll_event events[kEvents];
  for (;;) {
    int ready = epoll_wait(epoll_fd, events, kEvents, -1);
    if (ready < 0 && errno != EINTR) die_errno("epoll_wait");
    for (int i = 0; i < ready; i++) {
      if (events[i].data.ptr) {
        serve(events[i].data.ptr, events[i].events);
      } else {
        accept_all();
      }
    }
    free_ended();
  }
}
