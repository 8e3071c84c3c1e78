/* The peer "C on libevent": one event_base, one thread, bufferevents. Nothing is locked, since
 * libevent's threading is not switched on; lines are rotated where they lie in the input buffer,
 * and what can move from buffer to buffer is moved, not copied. A reader that does not keep up
 * stops its source through the write low mark. */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <unistd.h>

#include "die.h"
#include "rot13.h"
#include "server_options.h"
#include "sockets.h"

enum { kHighMark = 256 * 1024, kLowMark = 128 * 1024 };

typedef struct Server {
  struct event_base* base;
  ServerOptions options;
  struct sockaddr_in upstream;
  struct Member* members; /* Fan-out only. */
} Server;

/* One connection of a fan-out. */
typedef struct Member {
  Server* server;
  struct bufferevent* connection;
  struct Member* next;
  struct Member** previous_next;
} Member;

/* Reads on only while what it reads has somewhere to go. */
static void hold_while_full(struct bufferevent* source, struct bufferevent* sink) {
  if (evbuffer_get_length(bufferevent_get_output(sink)) <= kHighMark) return;
  bufferevent_disable(source, EV_READ);
}

static void on_rot13_read(struct bufferevent* connection, void* context) {
  struct evbuffer* input = bufferevent_get_input(connection);
  struct evbuffer* output = bufferevent_get_output(connection);
  (void)context;
  for (;;) {
    struct evbuffer_ptr end = evbuffer_search_eol(input, NULL, NULL, EVBUFFER_EOL_LF);
    if (end.pos < 0) break;
    size_t length = (size_t)end.pos + 1;
    unsigned char* line = evbuffer_pullup(input, (ev_ssize_t)length);
    rot13(line, length);
    evbuffer_add(output, line, length);
    evbuffer_drain(input, length);
  }
  hold_while_full(connection, connection);
}

static void on_echo_read(struct bufferevent* connection, void* context) {
  (void)context;
  evbuffer_add_buffer(bufferevent_get_output(connection), bufferevent_get_input(connection));
  hold_while_full(connection, connection);
}

static void read_again(struct bufferevent* source) {
  if (!(bufferevent_get_enabled(source) & EV_READ)) bufferevent_enable(source, EV_READ);
}

static void on_drained(struct bufferevent* connection, void* context) {
  (void)context;
  read_again(connection);
}

static void on_end(struct bufferevent* connection, short events, void* context) {
  (void)context;
  if (events & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) bufferevent_free(connection);
}

static void on_relay_read(struct bufferevent* source, void* context) {
  struct bufferevent* sink = context;
  evbuffer_add_buffer(bufferevent_get_output(sink), bufferevent_get_input(source));
  hold_while_full(source, sink);
}

static void on_relay_drained(struct bufferevent* sink, void* context) {
  (void)sink;
  read_again(context);
}

static void on_relay_end(struct bufferevent* connection, short events, void* context) {
  if (!(events & (BEV_EVENT_EOF | BEV_EVENT_ERROR))) return;
  bufferevent_free(connection);
  bufferevent_free(context);
}

static void on_fanout_read(struct bufferevent* connection, void* context) {
  struct evbuffer* input = bufferevent_get_input(connection);
  size_t length = evbuffer_get_length(input);
  const unsigned char* bytes = evbuffer_pullup(input, -1);
  for (Member* member = ((Member*)context)->server->members; member; member = member->next) {
    bufferevent_write(member->connection, bytes, length);
  }
  evbuffer_drain(input, length);
}

static void on_fanout_end(struct bufferevent* connection, short events, void* context) {
  Member* member = context;
  if (!(events & (BEV_EVENT_EOF | BEV_EVENT_ERROR))) return;
  *member->previous_next = member->next;
  if (member->next) member->next->previous_next = member->previous_next;
  bufferevent_free(connection);
  free(member);
}

static void join(Server* server, struct bufferevent* connection) {
  Member* member = calloc(1, sizeof *member);
  if (!member) die("out of memory");
  member->server = server;
  member->connection = connection;
  member->next = server->members;
  member->previous_next = &server->members;
  if (member->next) member->next->previous_next = &member->next;
  server->members = member;
  bufferevent_setcb(connection, on_fanout_read, NULL, on_fanout_end, member);
  bufferevent_write(connection, "\n", 1);
}

static void relay(Server* server, struct bufferevent* near) {
  struct bufferevent* far = bufferevent_socket_new(server->base, -1, BEV_OPT_CLOSE_ON_FREE);
  if (!far) die("out of memory");
  bufferevent_setcb(near, on_relay_read, on_relay_drained, on_relay_end, far);
  bufferevent_setcb(far, on_relay_read, on_relay_drained, on_relay_end, near);
  bufferevent_setwatermark(far, EV_WRITE, kLowMark, 0);
  if (bufferevent_socket_connect(far, (struct sockaddr*)&server->upstream,
                                 sizeof server->upstream)) {
    die_errno("connect to the upstream");
  }
  set_no_delay(bufferevent_getfd(far));
  bufferevent_enable(far, EV_READ);
}

static void on_accept(struct evconnlistener* listener, evutil_socket_t fd, struct sockaddr* address,
                      int length, void* context) {
  Server* server = context;
  (void)listener, (void)address, (void)length;
  if (server->options.mode == kServeAccept) {
    close(fd);
    return;
  }
  struct bufferevent* connection = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
  if (!connection) die("out of memory");
  set_no_delay(fd);
  bufferevent_setwatermark(connection, EV_WRITE, kLowMark, 0);
  switch (server->options.mode) {
    case kServeEcho:
      bufferevent_setcb(connection, on_echo_read, on_drained, on_end, NULL);
      break;
    case kServeRelay:
      relay(server, connection);
      break;
    case kServeFanout:
      join(server, connection);
      break;
    default:
      bufferevent_setcb(connection, on_rot13_read, on_drained, on_end, NULL);
  }
  bufferevent_enable(connection, EV_READ);
}

int main(int count, char** arguments) {
  Server server = {.options = parse_server_options(count, arguments)};
  int port = 0;
  int fd = listen_tcp(server.options.host, server.options.port, &port);
  server.base = event_base_new();
  server.upstream = parse_address(server.options.host, server.options.upstream_port);
  /* The socket listens already: a backlog of 0 leaves it as it is. */
  if (!server.base || !evconnlistener_new(server.base, on_accept, &server,
                                          LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd)) {
    die("libevent could not be set up");
  }
  announce_port(port);
  return event_base_dispatch(server.base) ? 1 : 0;
}
