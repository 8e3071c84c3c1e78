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

// One socket may not keep the others waiting longer than this many reads.
constexpr int kReadsPerTurn = 4;
// libevent's own flush: bytes in one writev().
constexpr size_t kWriteBytes = 1 << 20;

thread_local Reactor* releasing_reactor = nullptr;

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
}

Bufferevent::~Bufferevent() { CloseSocket(); }

bool Bufferevent::Open() {
  bufferevent* bufferevent = bufferevent_socket_new(reactor_.base(), fd_, 0);
  if (bufferevent == nullptr) return false;
  Use(bufferevent);
  bufferevent_set_max_single_write(bufferevent, kWriteBytes);
  event_assign(&read_event_, reactor_.base(), fd_, EV_READ | EV_PERSIST, OnReadable, this);
  return true;
}

void Bufferevent::Use(bufferevent* bufferevent) {
  releasing_reactor = &reactor_;
  bufferevent_.reset(bufferevent);
  bufferevent_setcb(bufferevent, OnBufferedInput, nullptr, OnEvent, this);
  evbuffer_add_cb(bufferevent_get_output(bufferevent), OnOutput, this);
}

std::unique_ptr<EventHandler> Bufferevent::Adopt(Reactor& reactor, const Record& record) {
  const int fd = record.a();
  if (!reactor.transit().Leave(fd)) {
    PostOpenFailure(reactor, record.id(), EBADF, kAcceptCall);
    return nullptr;
  }
  if (record.aux() != 0) SetNoDelay(fd);
  std::unique_ptr<Bufferevent> self(new Bufferevent(reactor, record.id(), fd, record.b()));
  if (!self->Open()) {
    PostOpenFailure(reactor, record.id(), ENOMEM, kAllocateCall);
    return nullptr;
  }
  // Armed before anybody reads: the end of a peer shows, and reading starts without a call.
  self->Arm();
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
  if (has_local && BindLocal(fd, family, local) != 0) {
    PostOpenFailure(reactor, id, errno, kBindCall);
    return nullptr;
  }
  self->no_delay_ = (request.flags & kNoDelay) != 0 && request.family != kUnix;
  if (request.keep_alive > 0 && family != kUnix) SetKeepAlive(fd, request.keep_alive);
  if (!self->Open()) {
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
      outstanding_ -= record.a();
      if (wanted_) Arm();
      break;
    case Submission::kReadHigh:
      read_high_ = record.a();
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
      bufferevent_priority_set(bufferevent_.get(), record.a());
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

// Stopping is lazy: the event stays pending until it fires, so a short hold costs no system call.
void Bufferevent::SetReading(bool wanted) {
  wanted_ = wanted;
  if (wanted) {
    Arm();
  } else if (read_timeout_ > 0 && armed_) {
    Disarm();
    Watch();
  }
}

void Bufferevent::Arm() {
  if (buffered_) MoveInput();
  if (armed_ || read_ended_ || connecting_ || !open_) return;
  if (!lingering_ && outstanding_ >= read_high_) return;
  Unwatch();
  if (buffered_) {
    // The buffer is empty, or reading would fire for ever. See F1 in docs/architecture.md.
    if (!lingering_ && (!wanted_ || buffered_end_)) return;
    armed_ = bufferevent_enable(bufferevent_.get(), EV_READ) == 0;
    return;
  }
  const timeval timeout = Milliseconds(read_timeout_);
  armed_ = event_add(&read_event_, read_timeout_ > 0 ? &timeout : nullptr) == 0;
}

void Bufferevent::Disarm() {
  if (!armed_) return;
  armed_ = false;
  if (buffered_) {
    bufferevent_disable(bufferevent_.get(), EV_READ);
  } else {
    event_del(&read_event_);
  }
}

void Bufferevent::Rest(EventHandler* handler) { static_cast<Bufferevent*>(handler)->Disarm(); }

void Bufferevent::Watch() {
  if (watched_ || read_ended_ || !open_ || fd_ < 0) return;
  watched_ = reactor_.death_watch().Add(reactor_.base(), fd_, this);
}

void Bufferevent::Unwatch() {
  if (!watched_) return;
  watched_ = false;
  reactor_.death_watch().Remove(fd_);
}

void Bufferevent::OnReadable(evutil_socket_t, short what, void* self) {
  auto* connection = static_cast<Bufferevent*>(self);
  if (connection->lingering_) {
    connection->Discard();
  } else if ((what & EV_READ) != 0) {
    connection->Receive();
  } else if ((what & EV_TIMEOUT) != 0) {
    connection->PostTimeout(EV_READ);
  }
}

// A timeout comes again by itself, so it need not wait for a JavaScript that does not look.
void Bufferevent::PostTimeout(int32_t direction) {
  if (!reactor_.completions().HasRoom()) return;
  reactor_.completions().Post(Completion::kTimeout, 0, id_, direction, 0);
}

void Bufferevent::Receive() {
  for (int reads = 0; reads < kReadsPerTurn; ++reads) {
    const int32_t credit = read_high_ - outstanding_;
    if (!wanted_ || credit <= 0) {
      Disarm();
      Watch();
      return;
    }
    if (!reactor_.MayPost(this, Rest)) return;
    const InSlabs::Space space = reactor_.slabs().Reserve();
    const size_t room = std::min<size_t>(space.bytes, static_cast<size_t>(credit));
    const ssize_t got = recv(fd_, space.data, room, 0);
    reactor_.Count(kReceives);
    if (got > 0) {
      reactor_.slabs().Commit(id_, static_cast<uint32_t>(got));
      reactor_.Count(kReceivedBytes, static_cast<int32_t>(got));
      outstanding_ += static_cast<int32_t>(got);
      if (static_cast<size_t>(got) < room) return;
      continue;
    }
    if (got == 0) {
      EndReading(hangup_error_);
    } else if (errno != EAGAIN && errno != EINTR) {
      EndReading(errno);
    }
    return;
  }
}

// What the peer still sends after our end is thrown away: closing with unread bytes would send RST
// and could cost the peer the answers that are under way.
void Bufferevent::Discard() {
  char nowhere[16384];
  const ssize_t got = recv(fd_, nowhere, sizeof(nowhere), 0);
  reactor_.Count(kReceives);
  if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return;
  read_ended_ = true;
  Disarm();
  if (got < 0) write_failed_ = true;
  CheckLinger();
}

void Bufferevent::EndReading(int error) {
  if (read_ended_) return;
  Disarm();
  Unwatch();
  read_ended_ = true;
  reactor_.completions().Post(Completion::kEnd, 0, id_, error, 0);
}

bool Bufferevent::HasUnread() {
  char byte;
  const ssize_t got = recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  // The look takes the socket's error, too.
  if (got < 0 && errno != EAGAIN && errno != EINTR && hangup_error_ == 0) hangup_error_ = errno;
  return got > 0;
}

void Bufferevent::OnDeath(bool failed) {
  if (read_ended_ || !open_) return;
  const int error_before = hangup_error_;
  if (failed && hangup_error_ == 0) {
    // Reading SO_ERROR clears it, so it is kept for the end of the input.
    socklen_t length = sizeof(hangup_error_);
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &hangup_error_, &length);
  }
  if (HasUnread() ||
      (buffered_ && evbuffer_get_length(bufferevent_get_input(bufferevent_.get())) > 0)) {
    // A FIN, and the RST that may follow it, are told once each.
    if (hung_up_ && hangup_error_ == error_before) return;
    hung_up_ = true;
    reactor_.completions().Post(Completion::kHangup, 0, id_, hangup_error_, 0);
  } else {
    EndReading(hangup_error_);
  }
}

void Bufferevent::Write(const Record& record) {
  const Reactor::Payload payload = reactor_.PayloadOf(record);
  taken_ += payload.bytes;
  if (payload.data == nullptr || write_failed_ || finishing_ || !open_) {
    if (payload.pin != 0) {
      reactor_.completions().Post(Completion::kReleased, payload.pin - 1, 0, 0, 0);
    }
    Drop(payload.bytes);
    return;
  }
  Send(payload.data, payload.bytes, payload.pin);
}

void Bufferevent::Send(const uint8_t* data, uint32_t bytes, uint32_t pin) {
  evbuffer* output = bufferevent_get_output(bufferevent_.get());
  uint32_t sent = 0;
  if (!buffered_ && !connecting_ && evbuffer_get_length(output) == 0) {
    const ssize_t result = send(fd_, data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    reactor_.Count(kSends);
    if (result >= 0) {
      sent = static_cast<uint32_t>(result);
    } else if (errno != EAGAIN && errno != EINTR) {
      const int error = errno;
      if (pin != 0) reactor_.completions().Post(Completion::kReleased, pin - 1, 0, 0, 0);
      FailWriting(error);
      return;
    }
  }
  const uint32_t rest = bytes - sent;
  int added = 0;
  if (rest > 0 && pin != 0) {
    reactor_.Count(kReferences);
    added = evbuffer_add_reference(output, data + sent, rest, OnReleased,
                                   reinterpret_cast<void*>(static_cast<uintptr_t>(pin)));
  } else if (rest > 0) {
    reactor_.Count(kCopies);
    added = evbuffer_add(output, data + sent, rest);
  }
  if (pin != 0 && (rest == 0 || added != 0)) {
    reactor_.completions().Post(Completion::kReleased, pin - 1, 0, 0, 0);
  }
  if (sent > 0) HasLeft(sent);
  if (added != 0) FailWriting(ENOMEM);
}

void Bufferevent::OnReleased(const void*, size_t, void* pin) {
  releasing_reactor->completions().Post(
      Completion::kReleased, static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pin)) - 1, 0, 0, 0);
}

void Bufferevent::OnOutput(evbuffer*, const evbuffer_cb_info* info, void* self) {
  if (info->n_deleted == 0) return;
  auto* connection = static_cast<Bufferevent*>(self);
  if (connection->write_failed_) {
    connection->Drop(static_cast<uint32_t>(info->n_deleted));
    return;
  }
  connection->reactor_.Count(kSends);
  connection->HasLeft(static_cast<uint32_t>(info->n_deleted));
}

void Bufferevent::HasLeft(uint32_t bytes) {
  reactor_.Count(kSentBytes, static_cast<int32_t>(bytes));
  Drop(bytes);
}

// Output that is not pending any more, whether it was sent or not.
void Bufferevent::Drop(uint32_t bytes) {
  left_ += bytes;
  reactor_.SetLeft(id_, left_);
  CheckPositions();
}

void Bufferevent::CheckPositions() {
  if (write_failed_) return;
  if (notify_ && static_cast<int32_t>(left_ - notify_at_) >= 0) {
    notify_ = false;
    reactor_.completions().Post(Completion::kLeft, 0, id_, 0, 0);
  }
  if (finishing_ && !finished_ && !connecting_ && left_ == taken_) Finish();
}

void Bufferevent::FailWriting(int error) {
  if (write_failed_) return;
  write_failed_ = true;
  reactor_.completions().Post(Completion::kWriteFailed, 0, id_, error, 0);
  // The attempt took the error from the socket, where recv() would have found it. EPIPE is told to
  // the writer alone: the peer's own stream had ended.
  if (error != EPIPE && hangup_error_ == 0) hangup_error_ = error;
  // What could not be sent is let go, with the buffers it refers to.
  evbuffer* output = bufferevent_get_output(bufferevent_.get());
  bufferevent_disable(bufferevent_.get(), EV_WRITE);
  evbuffer_unfreeze(output, 1);
  evbuffer_drain(output, evbuffer_get_length(output));
  evbuffer_freeze(output, 1);
  CheckLinger();
}

void Bufferevent::Finish() {
  finished_ = true;
  if (fd_ >= 0) {
    shutdown(fd_, SHUT_WR);
  } else {
    FinishPair();
  }
  reactor_.completions().Post(Completion::kFinished, 0, id_, 0, 0);
  CheckLinger();
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
  if ((what & (BEV_EVENT_ERROR | BEV_EVENT_EOF)) != 0) {
    connection->FailWriting(error != 0 ? error : EPIPE);
  }
}

void Bufferevent::Close(CloseMode mode, int32_t deadline_milliseconds) {
  if (mode == kLinger && open_ && !connecting_ && !write_failed_) {
    lingering_ = true;
    finishing_ = true;
    wanted_ = false;
    deadline_.reset(evtimer_new(reactor_.base(), OnDeadline, this));
    const timeval deadline = Milliseconds(deadline_milliseconds);
    if (deadline_ && evtimer_add(deadline_.get(), &deadline) == 0) {
      Disarm();
      read_timeout_ = 0;
      Arm();
      CheckPositions();
      CheckLinger();
      return;
    }
  }
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
  if (fd_ < 0 && bufferevent_ && !finished_) FinishPair();
  open_ = false;
  Disarm();
  Unwatch();
  deadline_.reset();
  if (bufferevent_) {
    // No callback may reach this object any more; the buffers go in a later turn.
    evbuffer_remove_cb(bufferevent_get_output(bufferevent_.get()), OnOutput, this);
    bufferevent_setcb(bufferevent_.get(), nullptr, nullptr, nullptr, nullptr);
    ForgetRateLimits();
    bufferevent_.reset();
  }
  if (fd_ >= 0) close(fd_);
}

}  // namespace rxjs_libevent
