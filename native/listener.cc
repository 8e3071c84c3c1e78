// Thread: the reactor's. Owner: the reactor's table. Lifetime: from kListen to kClose; the socket
// closes with it.
#include "listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "address.h"
#include "open_handler.h"
#include "reactor.h"

namespace rxjs_libevent {
namespace {

// How long accepting rests after the system has refused a descriptor.
constexpr int32_t kRetryMilliseconds = 100;

struct Failure {
  int error;
  FailedCall call;
};

int SetFlag(int fd, int level, int option) {
  const int on = 1;
  return setsockopt(fd, level, option, &on, sizeof(on));
}

// Returns a bound socket, or -1 with the failure.
int OpenSocket(const ListenRequest& request, const std::string& text, Failure* failure) {
  SocketAddress address;
  const int bad =
      ParseAddress(static_cast<AddressFamily>(request.family), text, request.port, &address);
  if (bad != 0) {
    *failure = {bad, kAddressCall};
    return -1;
  }
  const int on_exec = (request.flags & kKeepOnExec) != 0 ? 0 : SOCK_CLOEXEC;
  const int fd = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | on_exec, 0);
  if (fd < 0) {
    *failure = {errno, kSocketCall};
    return -1;
  }
  const bool is_ip = request.family != kUnix;
  const bool options_set =
      (!is_ip || (request.flags & kReuseable) == 0 || SetFlag(fd, SOL_SOCKET, SO_REUSEADDR) == 0) &&
      (!is_ip || (request.flags & kReuseablePort) == 0 ||
       SetFlag(fd, SOL_SOCKET, SO_REUSEPORT) == 0) &&
      (request.family != kIpv6 || (request.flags & kIpv6Only) == 0 ||
       SetFlag(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0) &&
      (!is_ip || (request.flags & kDeferredAccept) == 0 ||
       SetFlag(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT) == 0);
  if (!options_set) {
    *failure = {errno, kOptionCall};
  } else if (bind(fd, address.get(), address.length) != 0) {
    *failure = {errno, kBindCall};
  } else {
    return fd;
  }
  close(fd);
  return -1;
}

// A descriptor that was given may be anything, and stays as it is unless it is a stream socket.
int PrepareForeignSocket(int fd, int32_t flags) {
  int type = 0;
  socklen_t length = sizeof(type);
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) return errno;
  if (type != SOCK_STREAM) return EOPNOTSUPP;
  if (evutil_make_socket_nonblocking(fd) != 0) return errno;
  if ((flags & kKeepOnExec) == 0 && evutil_make_socket_closeonexec(fd) != 0) return errno;
  return 0;
}

}  // namespace

std::unique_ptr<EventHandler> Listener::Open(Reactor& reactor, const Record& record) {
  const Reactor::Payload payload = reactor.PayloadOf(record);
  ListenRequest request;
  if (payload.data == nullptr || payload.bytes < sizeof(request)) {
    PostOpenFailure(reactor, record.id(), EINVAL, kAddressCall);
    return nullptr;
  }
  memcpy(&request, payload.data, sizeof(request));
  // To libevent a backlog of 0 means that somebody else has called listen().
  if (request.backlog < 1) {
    PostOpenFailure(reactor, record.id(), EINVAL, kListenCall);
    return nullptr;
  }
  const std::string text(reinterpret_cast<char*>(payload.data) + sizeof(request),
                         payload.bytes - sizeof(request));

  Failure failure = {};
  const int fd = request.fd >= 0 ? request.fd : OpenSocket(request, text, &failure);
  if (fd < 0) {
    PostOpenFailure(reactor, record.id(), failure.error, failure.call);
    return nullptr;
  }
  if (request.fd >= 0) {
    const int bad = PrepareForeignSocket(fd, request.flags);
    if (bad != 0) {
      PostOpenFailure(reactor, record.id(), bad, kListenCall);
      return nullptr;
    }
  }
  if (!CanWatch(reactor.base(), fd)) {
    if (request.fd < 0) close(fd);
    PostOpenFailure(reactor, record.id(), EMFILE, kSocketCall);
    return nullptr;
  }
  std::unique_ptr<Listener> self(new Listener(reactor, record.id()));
  self->listener_.reset(evconnlistener_new(
      reactor.base(), OnAccept, self.get(),
      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_DISABLED | LEV_OPT_CLOSE_ON_EXEC,  // of what is accepted
      request.backlog, fd));
  if (!self->listener_) {
    failure = {errno, kListenCall};
    // A descriptor that was given is the listener's only once it listens: it may be anything.
    if (request.fd < 0) close(fd);
    PostOpenFailure(reactor, record.id(), failure.error, failure.call);
    return nullptr;
  }
  evconnlistener_set_error_cb(self->listener_.get(), OnError);
  self->retry_.reset(evtimer_new(reactor.base(), OnRetry, self.get()));
  self->credit_ = request.credit;

  self->bound_ = LocalAddressOf(fd);
  const AddressFamily family = FamilyOf(self->bound_);
  // Accepted sockets inherit it.
  if ((request.flags & kNoDelayAccepted) != 0 && family != kUnix) {
    SetFlag(fd, IPPROTO_TCP, TCP_NODELAY);
  }
  const Record bytes = BytesOf(self->bound_);
  reactor.completions().Post(Completion::kBound, family, record.id(), fd, PortOf(self->bound_),
                             &bytes);
  return self;
}

void Listener::Take(const Record& record) {
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kRead:
      wanted_ = record.a() != 0;
      Update();
      break;
    case Submission::kCredit:
      credit_ += record.a();
      Update();
      break;
    case Submission::kClose:
      // Closes the socket now, so that a new listener can have the port in the same turn.
      listener_.reset();
      retry_.reset();
      reactor_.Retire(this);
      break;
    default:
      break;
  }
}

void Listener::Update() {
  if (!listener_) return;
  const bool may = wanted_ && credit_ > 0 && !backing_off_ && !stalled_;
  if (may == enabled_) return;
  enabled_ = may;
  if (may) {
    evconnlistener_enable(listener_.get());
  } else {
    evconnlistener_disable(listener_.get());
  }
}

void Listener::OnAccept(evconnlistener*, evutil_socket_t fd, sockaddr* address, int length,
                        void* self) {
  // As accept() gave it: a peer that has gone has no name any more.
  SocketAddress remote;
  memcpy(&remote.storage, address, static_cast<size_t>(length));
  remote.length = static_cast<socklen_t>(length);
  static_cast<Listener*>(self)->OnAccepted(fd, remote);
}

void Listener::OnAccepted(int fd, const SocketAddress& remote) {
  if (!CanWatch(reactor_.base(), fd)) {
    close(fd);
    OnAcceptFailed(EMFILE);
    return;
  }
  if (failing_) {
    failing_ = false;
    reactor_.completions().Post(Completion::kAcceptResumed, 0, id_, 0, 0);
  }
  const SocketAddress local = IsWildcard(bound_) ? LocalAddressOf(fd) : bound_;
  const Record addresses[] = {BytesOf(remote), BytesOf(local)};
  const AddressFamily family = FamilyOf(local);
  reactor_.transit().Enter(fd);
  reactor_.Count(kAccepts);
  reactor_.completions().Post(Completion::kAccepted, family, id_, fd,
                              static_cast<int32_t>(static_cast<uint32_t>(PortOf(remote)) << 16 |
                                                   static_cast<uint32_t>(PortOf(local))),
                              addresses);
  --credit_;
  if (!reactor_.completions().HasRoom()) reactor_.Stall(this);
  Update();
}

void Listener::OnError(evconnlistener*, void* self) {
  static_cast<Listener*>(self)->OnAcceptFailed(EVUTIL_SOCKET_ERROR());
}

void Listener::OnAcceptFailed(int error) {
  // The peer gave up before it was accepted: nothing has happened to us.
  if (error == ECONNABORTED || error == EPROTO) return;
  backing_off_ = true;
  Update();
  const timeval delay = Milliseconds(kRetryMilliseconds);
  evtimer_add(retry_.get(), &delay);
  if (failing_) return;
  failing_ = true;
  reactor_.completions().Post(Completion::kAcceptPaused, 0, id_, error, 0);
}

void Listener::OnRetry(evutil_socket_t, short, void* self) {
  auto* listener = static_cast<Listener*>(self);
  listener->backing_off_ = false;
  listener->Update();
}

}  // namespace rxjs_libevent
