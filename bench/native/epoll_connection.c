#include "epoll_connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "die.h"

Connection* connection_new(int fd) {
  Connection* connection = calloc(1, sizeof *connection);
  if (!connection) die("out of memory");
  connection->fd = fd;
  connection->sink = connection->source = connection;
  return connection;
}

void connection_free(Connection* connection) {
  close(connection->fd);
  free(connection->pending);
  free(connection->partial);
  free(connection);
}

static void keep(Connection* connection, const unsigned char* bytes, size_t length) {
  size_t wanted = connection->pending_length + length;
  if (wanted > connection->pending_capacity) {
    connection->pending_capacity = wanted * 2;
    connection->pending = realloc(connection->pending, connection->pending_capacity);
    if (!connection->pending) die("out of memory");
  }
  memcpy(connection->pending + connection->pending_length, bytes, length);
  connection->pending_length = wanted;
}

bool connection_send(Connection* connection, const unsigned char* bytes, size_t length) {
  size_t sent = 0;
  if (!connection_is_full(connection)) {
    ssize_t written = send(connection->fd, bytes, length, MSG_NOSIGNAL);
    if (written < 0 && errno != EAGAIN) return false;
    if (written > 0) sent = (size_t)written;
  }
  if (sent < length) keep(connection, bytes + sent, length - sent);
  return true;
}

bool connection_flush(Connection* connection) {
  while (connection_is_full(connection)) {
    ssize_t written = send(connection->fd, connection->pending + connection->pending_at,
                           connection->pending_length - connection->pending_at, MSG_NOSIGNAL);
    if (written < 0) return errno == EAGAIN || errno == ENOTCONN;
    connection->pending_at += (size_t)written;
  }
  connection->pending_at = connection->pending_length = 0;
  return true;
}
