// Thread: the reactor's. Owner: the reactor's table. Lifetime: from kAdopt or kConnect to kClose.
#include "socket.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "address.h"
#include "connect_target.h"
#include "limited_socket.h"
#include "reactor.h"
#include "socket_options.h"
#include "watched_sockets.h"

namespace rxjs_libevent {
namespace {

// One socket may not keep the others waiting longer than this many reads.
constexpr int kReadsPerTurn = 4;

}  // namespace

Socket::Socket(Socket&& other) noexcept
    : Bufferevent(std::move(other)),
      fd_(std::exchange(other.fd_, -1)),
      no_delay_(other.no_delay_),
      hangup_error_(other.hangup_error_) {}

Failure Socket::Open(const Record& record) {
  const bool adopts = record.kind() == static_cast<int32_t>(Submission::kAdopt);
  return adopts ? Adopt(record) : Connect(record);
}

Failure Socket::Adopt(const Record& record) {
  if (!reactor_.transit().Take(record.a())) return {EBADF, kAcceptCall};
  fd_ = record.a();
  read_high_ = std::max(record.b(), 1);
  if (!CanWatch(reactor_.base(), fd_)) return {EMFILE, kAcceptCall};
  AssignReadEvent();
  // Armed before anybody reads: the end of a peer shows, and reading starts without a call.
  reactor_.SettleLater(this);
  return {};
}

void Socket::AssignReadEvent() {
  event_assign(&read_event_, reactor_.base(), fd_, EV_READ | EV_PERSIST,
               CallBack<&Socket::OnReadable>, this);
}

Failure Socket::Connect(const Record& record) {
  ConnectTarget target;
  Failure failure = ReadTarget(reactor_.PayloadOf(record), &target);
  if (failure) return failure;
  read_high_ = std::max(target.request.credit, 1);
  // libevent's own socket would lack SOCK_CLOEXEC.
  fd_ = socket(target.remote.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return {errno, kSocketCall};
  if (!CanWatch(reactor_.base(), fd_)) return {EMFILE, kSocketCall};
  failure = PrepareToConnect(fd_, target);
  if (failure) return failure;
  AssignReadEvent();
  no_delay_ = (target.request.flags & kNoDelay) != 0 && target.request.family != kUnix;
  if (!NeedBufferevent()) return {ENOMEM, kAllocateCall};
  phase_ = Phase::kConnecting;
  errno = 0;
  const int result = bufferevent_socket_connect(bufferevent_.get(), target.remote.get(),
                                                static_cast<int>(target.remote.length));
  // Where OnEvent() has posted the failure, the handler is retired already.
  if (result == 0 || retired_) return {};
  return {errno != 0 ? errno : ECONNREFUSED, kConnectCall};
}

void Socket::OnConnected(int error) {
  phase_ = Phase::kOpen;
  if (error == 0 && no_delay_) error = SetNoDelay(fd_, true);
  if (error != 0) {
    reactor_.completions().Post(Completion::kFailed, 0, id_, error, kConnectCall);
    reactor_.Retire(this);
    return;
  }
  const SocketAddress local = LocalAddressOf(fd_);
  PostAddresses(reactor_.completions(), Completion::kConnected, id_, fd_, local);
  UpdateReading();
  CheckOutput();
  if (Handshakes()) StartHandshake();
}

bufferevent* Socket::NewBufferevent() { return bufferevent_socket_new(reactor_.base(), fd_, 0); }

void Socket::TakeOther(const Record& record) {
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kRateLimit:
    case Submission::kRateLimitGroup:
      LimitRate(record);
      break;
    case Submission::kPriority:
      SetPriority(record.a());
      break;
    case Submission::kOption:
      SetSocketOption(record);
      break;
    default:
      break;
  }
}

// An option that cannot be set ends nothing: the connection is as good as it was before.
void Socket::SetSocketOption(const Record& record) {
  const bool no_delay = record.aux() == kNoDelayOption;
  const int error = no_delay ? SetNoDelay(fd_, record.a() != 0) : SetKeepAlive(fd_, record.a());
  if (error != 0) reactor_.completions().Post(Completion::kOptionFailed, 0, id_, error, 0);
}

// From here on libevent reads the socket, so that its token buckets see the bytes: another handler
// takes this one's place.
void Socket::LimitRate(const Record& record) {
  if (phase_ != Phase::kOpen) return;
  if (!NeedBufferevent()) return FailWriting({ENOMEM, kAllocateCall});
  StopReading();
  event_del(&read_event_);
  auto limited = std::make_unique<LimitedSocket>(std::move(*this));
  LimitedSocket* const successor = limited.get();
  reactor_.Replace(std::move(limited));
  successor->Begin();
  successor->Take(record);
}

void Socket::SetPriority(int32_t priority) {
  const bool armed = interest_ == Interest::kRead;
  if (armed) StopReading();
  int error = Try<event_priority_set>(&read_event_, priority);
  if (error == 0 && !NeedBufferevent()) error = ENOMEM;
  if (error == 0) error = Try<bufferevent_priority_set>(bufferevent_.get(), priority);
  if (error != 0) return EndReading(error);
  if (armed) UpdateReading();
}

// --- Reading.

// Stopping is lazy: the event stays pending until it fires, so a short hold costs no system call.
void Socket::OnReadingWanted() {
  // With a timeout it is not: armed while nobody reads, the event has none.
  if (read_timeout_ > 0 && interest_ == Interest::kRead) {
    if (wanted_) {
      StopReading();
    } else {
      return PauseReading();
    }
  }
  if (wanted_) UpdateReading();
}

void Socket::UpdateReading() {
  Arm();
  // What the session has read ahead makes no descriptor readable.
  if (HasPending() && MayRead()) TriggerRead();
}

void Socket::Arm() {
  const bool lingers = phase_ == Phase::kLingering;
  if (interest_ == Interest::kRead || input_ != Input::kOpen) return;
  if (phase_ == Phase::kConnecting || phase_ == Phase::kClosed) return;
  if (!lingers && Credit() <= 0) return;
  Unwatch();
  const timeval timeout = Milliseconds(read_timeout_);
  const int error = reactor_.Add(&read_event_, wanted_ && read_timeout_ > 0 ? &timeout : nullptr);
  if (error != 0) return EndReading(error);
  interest_ = Interest::kRead;
}

void Socket::Settle() {
  const bool may_read = WantsInput();
  if (interest_ == Interest::kRead && !may_read) return PauseReading();
  // Paused already; the watch sees the peer's end.
  if (interest_ == Interest::kEnd && !may_read) return;
  UpdateReading();
}

void Socket::StopReading() {
  if (interest_ == Interest::kRead) event_del(&read_event_);
  Unwatch();
  interest_ = Interest::kNone;
}

void Socket::PauseReading() {
  StopReading();
  Watch();
}

void Socket::Rest(EventHandler* handler) { static_cast<Socket*>(handler)->PauseReading(); }

void Socket::Watch() {
  if (interest_ == Interest::kEnd || input_ != Input::kOpen || phase_ == Phase::kClosed) return;
  const int error = reactor_.death_watch().Add(reactor_.base(), fd_, this);
  if (error != 0) return EndReading(error);
  interest_ = Interest::kEnd;
}

void Socket::Unwatch() {
  if (interest_ != Interest::kEnd) return;
  interest_ = Interest::kNone;
  reactor_.death_watch().Remove(fd_);
}

// Arms with the timeout of now.
void Socket::OnTimeouts() {
  if (interest_ != Interest::kRead) return;
  StopReading();
  UpdateReading();
}

void Socket::TriggerRead() {
  // Nobody would delete one that is not armed, and it would be active beyond this object's end.
  if (interest_ == Interest::kRead) event_active(&read_event_, EV_READ, 0);
}

void Socket::OnReadable(short what) {
  if (Discards()) {
    Discard();
  } else if ((what & EV_READ) != 0) {
    Receive();
  } else if ((what & EV_TIMEOUT) != 0) {
    PostTimeout(EV_READ);
  }
}

void Socket::Receive() {
  if (tls_ && !tls_->has_ended_handshake()) {
    // While it asks for a context nothing is read.
    Handshakes() ? Handshake() : StopReading();
    if (!tls_->secured() || phase_ != Phase::kOpen) return;
  }
  for (int reads = 0; reads < kReadsPerTurn; ++reads) {
    if (!MayRead()) {
      // Readable still, so the event has to go, unless credit is on its way. At once where it would
      // be active in each pass, and nothing less urgent would ever run.
      if (reactor_.has_priorities()) PauseReading();
      reactor_.SettleLater(this);
      return;
    }
    if (!reactor_.MayPost(this, Rest)) {
      // For what the session has read ahead the event does not come again by itself.
      if (HasPending()) {
        PauseReading();
        reactor_.Stall(this);
      }
      return;
    }
    const ReadArena::Space space = Reserve();
    const ssize_t got =
        tls_ ? ReadSecured(space.data, space.bytes) : recv(fd_, space.data, space.bytes, 0);
    reactor_.Count(kReceives);
    if (got > 0) {
      Posted(static_cast<size_t>(got));
      // Used-up credit switches nothing off by itself: it may be back before more bytes are.
      if (Credit() <= 0) return;
      if (static_cast<size_t>(got) < space.bytes && !HasPending()) return;
      continue;
    }
    if (got == 0) {
      EndReading(end_error_);
    } else if (errno != EAGAIN && errno != EINTR) {
      EndReading(errno);
    }
    return;
  }
  if (HasPending()) TriggerRead();
}

ssize_t Socket::ReceiveCiphertext(char* data, size_t bytes) { return recv(fd_, data, bytes, 0); }

// What the peer still sends after our end is thrown away: closing with unread bytes would send RST
// and could cost the peer the answers that are under way.
void Socket::Discard() {
  char nowhere[16384];
  const ssize_t got = recv(fd_, nowhere, sizeof(nowhere), 0);
  reactor_.Count(kReceives);
  if (got <= 0 && (got == 0 || (errno != EAGAIN && errno != EINTR))) {
    return EndReading(got < 0 ? errno : 0);
  }
  if (!reactor_.has_priorities()) return;
  // A peer that never stops may not keep the less urgent from running.
  StopReading();
  reactor_.SettleLater(this);
}

bool Socket::HasUnread() {
  char byte;
  const ssize_t got = recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  // The look takes the socket's error, too.
  if (got < 0 && errno != EAGAIN && errno != EINTR && end_error_ == 0) end_error_ = errno;
  return got > 0;
}

// Behind bytes that nobody reads, a session's close_notify is found by looking at the first of
// them.
bool Socket::HasUnreadBehindDeath() {
  if (!tls_ || !tls_->secured() || end_error_ != 0) {
    const bool unread = HasUnread() || InputLength() > 0;
    return unread || (tls_ && tls_->secured() && tls_->HasPending());
  }
  const ssize_t got = tls_->Peek();
  if (got >= 0 || errno == EAGAIN) return got != 0;
  end_error_ = errno;
  if (end_error_ == EPROTO) PostTlsFailure();
  return false;
}

void Socket::OnDeath(bool failed) {
  if (interest_ != Interest::kEnd || input_ != Input::kOpen) return;
  if (failed && end_error_ == 0) {
    // Reading SO_ERROR clears it, so it is kept for the end of the input.
    socklen_t length = sizeof(end_error_);
    if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &end_error_, &length) != 0) end_error_ = errno;
  }
  if (!HasUnreadBehindDeath()) return EndReading(end_error_);
  // A FIN, and the RST that may follow it, are reported once each.
  if (hangup_error_ == end_error_) return;
  hangup_error_ = end_error_;
  reactor_.completions().Post(Completion::kHangup, 0, id_, end_error_, 0);
}

// --- Writing.

ssize_t Socket::SendNow(const uint8_t* data, uint32_t bytes, Segment segment) {
  const int more = segment == Segment::kWithNext ? MSG_MORE : 0;
  const ssize_t sent = send(fd_, data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT | more);
  reactor_.Count(kSends);
  if (sent >= 0) return sent;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

int Socket::SendFin() {
  // Both ends have ended and JavaScript asks for no more: close() follows and sends the FIN.
  if (phase_ == Phase::kLingering && input_ == Input::kEnded) return 0;
  const int error = shutdown(fd_, SHUT_WR) == 0 ? 0 : errno;
  // The peer has reset the connection: a FIN would reach nobody.
  return error == ENOTCONN ? EPIPE : error;
}

uint32_t Socket::Acknowledged() {
  int queued = 0;
  if (ioctl(fd_, SIOCOUTQ, &queued) != 0) queued = 0;
  return sent_ - static_cast<uint32_t>(queued);
}

// --- Ending.

// What close() does for the peer, though a duplicate keeps the socket open.
void Socket::Disconnect(bool reset) {
  const sockaddr nobody = {AF_UNSPEC, {}};
  if (reset && connect(fd_, &nobody, sizeof(nobody)) == 0) return;
  // A unix socket knows no RST, and where the peer has gone already there is nothing to shut down.
  (void)shutdown(fd_, SHUT_RDWR);
}

void Socket::CloseDescriptor(bool reset) {
  if (fd_ < 0) return;
  if (IsWatched(fd_)) Disconnect(reset || HasUnread());
  if (reset) {
    const linger hard = {1, 0};
    // Where there is no RST, as on a unix socket, closing is all that can be done.
    (void)setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  }
  close(std::exchange(fd_, -1));
}

// select() fails for all because of one descriptor that somebody else has closed.
void Socket::FailIfClosed() {
  if (retired_ || phase_ == Phase::kClosed || fd_ < 0 || fcntl(fd_, F_GETFD) >= 0) return;
  fd_ = -1;
  EndReading(EBADF);
}

void Socket::Abandon() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

}  // namespace rxjs_libevent
