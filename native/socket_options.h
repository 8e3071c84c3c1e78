// Options of a socket that more than one place sets or asks for.
//
// Thread: any. They own nothing.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "libevent.h"

namespace rxjs_libevent {

// All return 0 or an errno.
inline int SetOption(int fd, int level, int name, int value) {
  return Try<setsockopt>(fd, level, name, &value, sizeof(value));
}

// Whether a descriptor that was given is a stream socket.
inline int CheckStreamSocket(int fd) {
  int type = 0;
  socklen_t length = sizeof(type);
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) return errno;
  return type == SOCK_STREAM ? 0 : EOPNOTSUPP;
}

inline int SetNoDelay(int fd, bool on) {
  return SetOption(fd, IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0);
}

// Probes a silent peer after this many seconds; 0 for never.
inline int SetKeepAlive(int fd, int seconds) {
  if (seconds <= 0) return SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
  const int error = SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
  return error != 0 ? error : SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

}  // namespace rxjs_libevent
