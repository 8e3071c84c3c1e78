// An evconnlistener: accepts while it is wanted, has credit and descriptors.
#pragma once

#include <memory>
#include <string>

#include "address.h"
#include "event_handler.h"
#include "libevent.h"

namespace rxjs_libevent {

// The head of kListen's payload; the host or the path follows.
struct ListenRequest {
  int32_t flags;    // ListenFlags
  int32_t backlog;  // pending connections in the kernel
  int32_t fd;       // an existing socket, or -1
  int32_t family;   // AddressFamily
  int32_t port;
  int32_t credit;  // connections that may be posted and not yet taken
};

enum ListenFlags : int32_t {
  kReuseable = 1,
  kReuseablePort = 2,
  kIpv6Only = 4,
  kDeferredAccept = 8,
  kKeepOnExec = 16,
  kNoDelayAccepted = 32,
};

class Listener final : public EventHandler {
 public:
  static std::unique_ptr<EventHandler> Open(Reactor& reactor, const Record& record);

  void Take(const Record& record) override;
  void Resume() override { Update(); }

 private:
  Listener(Reactor& reactor, int32_t id) : EventHandler(reactor, id) {}

  void Update();
  void OnAccepted(int fd, const SocketAddress& remote);
  void OnAcceptFailed(int error);

  static void OnAccept(evconnlistener* listener, evutil_socket_t fd, sockaddr* address, int length,
                       void* self);
  static void OnError(evconnlistener* listener, void* self);
  static void OnRetry(evutil_socket_t fd, short what, void* self);

  ListenerPtr listener_;
  EventPtr retry_;
  SocketAddress bound_;
  int32_t credit_ = 0;
  bool wanted_ = false;
  bool enabled_ = false;
  bool backing_off_ = false;
  bool failing_ = false;  // a kAcceptPaused has been posted and no kAcceptResumed since
};

}  // namespace rxjs_libevent
