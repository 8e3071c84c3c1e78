// Where a socket connects to, and from where.
#pragma once

#include "address.h"
#include "event_handler.h"
#include "requests.h"

namespace rxjs_libevent {

struct ConnectTarget {
  SocketAddress remote;
  SocketAddress local;
  ConnectRequest request;
};

// The texts are read here, so that no string is alive when libevent is called.
Failure ReadTarget(const Payload& payload, ConnectTarget* target);

// Sets the options of a socket, and binds it.
Failure PrepareToConnect(int fd, const ConnectTarget& target);

}  // namespace rxjs_libevent
