// An evconnlistener: accepts while it is wanted, has credit and descriptors.
#pragma once

#include "address.h"
#include "event_handler.h"
#include "libevent.h"
#include "requests.h"
#include "socket_file.h"

namespace rxjs_libevent {

class Listener final : public EventHandler {
 public:
  Listener(Reactor& reactor, int32_t id) : EventHandler(reactor, id) {}
  ~Listener() override { Close(); }

  Failure Open(const Record& record) override;
  void Take(const Record& record) override;
  void Resume() override { Update(); }
  void FailIfClosed() override;
  void Abandon() override;

 private:
  // kResting: the system has refused a descriptor. kRetrying: it has not given one since.
  enum class Accepting { kWell, kResting, kRetrying };

  Failure Bind(const ListenRequest& request, const Payload& payload);
  bool Linger();
  void AcceptWaiting();
  void Update();
  void Close();
  void End();
  void Fail(int error, FailedCall call);
  void OnAccepted(int fd, const SocketAddress& remote);
  void OnAcceptFailed(int error);
  void OnRetry(short what);

  static void OnAccept(evconnlistener* listener, evutil_socket_t fd, sockaddr* address, int length,
                       void* self);
  static void OnError(evconnlistener* listener, void* self);

  SocketFile file_;
  ListenerPtr listener_;
  EventPtr retry_;
  SocketAddress bound_;
  int32_t credit_ = 0;
  int32_t backlog_ = 0;
  bool wanted_ = false;
  bool enabled_ = false;
  bool lingers_ = false;  // nobody can begin to connect any more
  Accepting accepting_ = Accepting::kWell;
  int fd_ = -1;  // until the listener has it
};

}  // namespace rxjs_libevent
