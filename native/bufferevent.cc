// Thread: the reactor's. Owner: the reactor's table. Lifetime: from kAdopt or kConnect to kClose.
// The socket belongs to this object, not to its bufferevent, so it closes in the same turn.
#include "bufferevent.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "address.h"
#include "open_handler.h"
#include "reactor.h"

namespace rxjs_libevent {
namespace {

void SetNoDelay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void SetKeepAlive(int fd, int seconds) {
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
}

// A local port of one's own may still be in TIME_WAIT from the connection before.
int BindLocal(int fd, AddressFamily family, const SocketAddress& local) {
  const int on = 1;
  if (family != kUnix) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  return bind(fd, local.get(), local.length);
}

}  // namespace

Bufferevent::Bufferevent(Reactor& reactor, int32_t id, int fd, int32_t credit)
    : EventHandler(reactor, id), fd_(fd), read_high_(credit) {
  reactor.SetLeft(id, 0);
  event_assign(&read_event_, reactor_.base(), fd_, EV_READ | EV_PERSIST, OnReadable, this);
}

Bufferevent::~Bufferevent() { CloseSocket(); }

std::unique_ptr<EventHandler> Bufferevent::Adopt(Reactor& reactor, const Record& record) {
  const int fd = record.a();
  if (!reactor.transit().Leave(fd)) {
    PostOpenFailure(reactor, record.id(), EBADF, kAcceptCall);
    return nullptr;
  }
  std::unique_ptr<Bufferevent> self(new Bufferevent(reactor, record.id(), fd, record.b()));
  if (!CanWatch(reactor.base(), fd)) {
    PostOpenFailure(reactor, record.id(), EMFILE, kAcceptCall);
    return nullptr;
  }
  // Armed before anybody reads: the end of a peer shows, and reading starts without a call.
  reactor.SettleLater(self.get());
  return self;
}

std::unique_ptr<EventHandler> Bufferevent::Connect(Reactor& reactor, const Record& record) {
  const Reactor::Payload payload = reactor.PayloadOf(record);
  ConnectRequest request;
  const int32_t id = record.id();
  if (payload.data == nullptr || payload.bytes < sizeof(request)) {
    PostOpenFailure(reactor, id, EINVAL, kAddressCall);
    return nullptr;
  }
  memcpy(&request, payload.data, sizeof(request));
  const std::string texts(reinterpret_cast<char*>(payload.data) + sizeof(request),
                          payload.bytes - sizeof(request));
  const auto family = static_cast<AddressFamily>(request.family);
  const std::string remote_text = texts.substr(0, static_cast<size_t>(request.remote_bytes));
  SocketAddress remote;
  int error = ParseAddress(family, remote_text, request.port, &remote);
  SocketAddress local;
  const bool has_local = request.local_bytes > 0;
  if (error == 0 && has_local) {
    error = ParseAddress(family, texts.substr(remote_text.size()), request.local_port, &local);
  }
  if (error != 0) {
    PostOpenFailure(reactor, id, error, kAddressCall);
    return nullptr;
  }
  // libevent's own socket would lack SOCK_CLOEXEC.
  const int fd = socket(remote.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    PostOpenFailure(reactor, id, errno, kSocketCall);
    return nullptr;
  }
  std::unique_ptr<Bufferevent> self(new Bufferevent(reactor, id, fd, request.credit));
  if (!CanWatch(reactor.base(), fd)) {
    PostOpenFailure(reactor, id, EMFILE, kSocketCall);
    return nullptr;
  }
  if (has_local && BindLocal(fd, family, local) != 0) {
    PostOpenFailure(reactor, id, errno, kBindCall);
    return nullptr;
  }
  self->no_delay_ = (request.flags & kNoDelay) != 0 && request.family != kUnix;
  if (request.keep_alive > 0 && family != kUnix) SetKeepAlive(fd, request.keep_alive);
  if (!self->NeedBufferevent()) {
    PostOpenFailure(reactor, id, ENOMEM, kAllocateCall);
    return nullptr;
  }
  self->connecting_ = true;
  errno = 0;
  if (bufferevent_socket_connect(self->bufferevent_.get(), remote.get(),
                                 static_cast<int>(remote.length)) != 0) {
    const int connect_error = errno != 0 ? errno : ECONNREFUSED;
    if (!self->connecting_) {
      // OnEvent() has posted the failure; the handler goes with the others of this turn.
      return self;
    }
    PostOpenFailure(reactor, id, connect_error, kConnectCall);
    return nullptr;
  }
  return self;
}

void Bufferevent::Take(const Record& record) {
  // Closed in this turn: only what was written must be let go.
  if (!open_ && static_cast<Submission>(record.kind()) != Submission::kWrite) return;
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kRead:
      SetReading(record.a() != 0);
      break;
    case Submission::kCredit:
      // More than is outstanding cannot come back, and a negative number is no credit.
      outstanding_ = std::max(outstanding_ - std::max(record.a(), 0), 0);
      if (wanted_) Arm();
      break;
    case Submission::kReadHigh:
      read_high_ = record.a();
      if (fd_ < 0) {
        bufferevent_setwatermark(bufferevent_.get(), EV_READ, 0,
                                 static_cast<size_t>(std::max(read_high_, 1)));
      }
      if (wanted_) Arm();
      break;
    case Submission::kWrite:
      Write(record);
      break;
    case Submission::kNotify:
      notify_at_ = static_cast<uint32_t>(record.a());
      notify_ = true;
      CheckPositions();
      break;
    case Submission::kShutdown:
      finishing_ = true;
      CheckPositions();
      break;
    case Submission::kClose:
      Close(static_cast<CloseMode>(record.a()), record.b());
      break;
    case Submission::kTimeouts: {
      read_timeout_ = record.a();
      if (!NeedBufferevent()) {
        FailWriting(ENOMEM);
        break;
      }
      const timeval read_timeout = Milliseconds(record.a());
      const timeval write_timeout = Milliseconds(record.b());
      bufferevent_set_timeouts(bufferevent_.get(), record.a() > 0 ? &read_timeout : nullptr,
                               record.b() > 0 ? &write_timeout : nullptr);
      if (armed_) {
        Disarm();
        Arm();
      }
      break;
    }
    case Submission::kRateLimit:
      LimitRate(record);
      break;
    case Submission::kRateLimitGroup:
      JoinGroup(record.a());
      break;
    case Submission::kPriority:
      if (NeedBufferevent()) bufferevent_priority_set(bufferevent_.get(), record.a());
      if (fd_ >= 0) event_priority_set(&read_event_, record.a());
      break;
    case Submission::kTrigger:
      Trigger(record.a());
      break;
    case Submission::kSendFile:
      SendFile(record);
      break;
    default:
      break;
  }
}

void Bufferevent::Resume() {
  if (wanted_) Arm();
}

void Bufferevent::OnEvent(bufferevent*, short what, void* self) {
  auto* connection = static_cast<Bufferevent*>(self);
  const int error = EVUTIL_SOCKET_ERROR();
  Reactor& reactor = connection->reactor_;
  if (connection->connecting_) {
    connection->connecting_ = false;
    if ((what & BEV_EVENT_CONNECTED) == 0) {
      const int reason = (what & BEV_EVENT_TIMEOUT) != 0 ? ETIMEDOUT : error;
      reactor.completions().Post(Completion::kFailed, 0, connection->id_,
                                 reason != 0 ? reason : ECONNREFUSED, kConnectCall);
      reactor.Retire(connection);
      return;
    }
    if (connection->no_delay_) SetNoDelay(connection->fd_);
    const SocketAddress local = LocalAddressOf(connection->fd_);
    const Record bytes = BytesOf(local);
    reactor.completions().Post(Completion::kConnected, FamilyOf(local), connection->id_,
                               connection->fd_, PortOf(local), &bytes);
    connection->Arm();
    connection->CheckPositions();
    return;
  }
  const bool reading = (what & BEV_EVENT_READING) != 0;
  if ((what & BEV_EVENT_TIMEOUT) != 0) {
    const short direction = reading ? EV_READ : EV_WRITE;
    connection->PostTimeout(direction);
    // libevent has switched the direction off; whether to give up is for JavaScript to say.
    if (!reading || connection->armed_) {
      bufferevent_enable(connection->bufferevent_.get(), direction);
    }
    return;
  }
  if (reading) {
    connection->EndBuffered((what & BEV_EVENT_ERROR) != 0 ? error : 0);
    return;
  }
  if ((what & BEV_EVENT_EOF) != 0 && connection->GoOnWithFile()) return;
  if ((what & (BEV_EVENT_ERROR | BEV_EVENT_EOF)) != 0) {
    connection->FailWriting(error != 0 ? error : EPIPE);
  }
}

void Bufferevent::Close(CloseMode mode, int32_t deadline_milliseconds) {
  if (mode == kLinger && open_ && !connecting_ && !write_failed_) {
    lingering_ = true;
    finishing_ = true;
    wanted_ = false;
    CheckPositions();
    CheckLinger();
    if (!lingering_) return;
    deadline_.reset(evtimer_new(reactor_.base(), OnDeadline, this));
    const timeval deadline = Milliseconds(std::max(deadline_milliseconds, 0));
    if (deadline_ && evtimer_add(deadline_.get(), &deadline) == 0) {
      Disarm();
      read_timeout_ = 0;
      Arm();
      return;
    }
  }
  resetting_ = mode == kReset;
  if (mode == kReset && open_ && fd_ >= 0) {
    const linger hard = {1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  }
  lingering_ = false;
  CloseSocket();
  reactor_.Retire(this);
}

void Bufferevent::CheckLinger() {
  if (!lingering_) return;
  if (!write_failed_ && !(finished_ && read_ended_)) return;
  lingering_ = false;
  deadline_.reset();
  reactor_.Retire(this);
}

void Bufferevent::OnDeadline(evutil_socket_t, short, void* self) {
  auto* connection = static_cast<Bufferevent*>(self);
  connection->lingering_ = false;
  connection->reactor_.Retire(connection);
}

void Bufferevent::CloseSocket() {
  if (!open_) return;
  open_ = false;
  Disarm();
  Unwatch();
  deadline_.reset();
  if (bufferevent_) {
    // No callback may reach this object any more; the buffers go in a later turn.
    evbuffer_remove_cb(bufferevent_get_output(bufferevent_.get()), OnOutput, this);
    bufferevent_setcb(bufferevent_.get(), nullptr, nullptr, nullptr, nullptr);
    LeavePair();
    ForgetRateLimits();
    bufferevent_.reset();
  }
  if (fd_ >= 0) close(fd_);
}

}  // namespace rxjs_libevent
