/* A connection of the raw epoll server: a socket, and what it could not yet send. */
#ifndef BENCH_EPOLL_CONNECTION_H_
#define BENCH_EPOLL_CONNECTION_H_

#include <stdbool.h>
#include <stddef.h>

typedef struct Connection {
  int fd;
  unsigned char* pending; /* Bytes that the socket did not take, from `pending_at` on. */
  size_t pending_at;
  size_t pending_length;
  size_t pending_capacity;
  unsigned char* partial; /* A line that has not ended yet. */
  size_t partial_length;
  struct Connection* sink; /* Where its bytes go: itself, or the other end of a relay. */
  struct Connection* source;
  struct Connection* next; /* Members of a fan-out. */
  struct Connection* previous;
  bool closed;
} Connection;

Connection* connection_new(int fd);
void connection_free(Connection* connection);

/* Sends now what the socket takes, keeps the rest. False when the peer has gone. */
bool connection_send(Connection* connection, const unsigned char* bytes, size_t length);

/* Sends of the rest what the socket takes now. False when the peer has gone. */
bool connection_flush(Connection* connection);

static inline bool connection_is_full(const Connection* connection) {
  return connection->pending_length > connection->pending_at;
}

#endif
