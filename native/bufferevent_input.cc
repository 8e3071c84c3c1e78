// The reading half of a Bufferevent.
//
// Thread: the reactor's. Owner and lifetime: as in bufferevent.cc.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "bufferevent.h"
#include "reactor.h"

namespace rxjs_libevent {
namespace {

// One socket may not keep the others waiting longer than this many reads.
constexpr int kReadsPerTurn = 4;

}  // namespace

// Stopping is lazy: the event stays pending until it fires, so a short hold costs no system call.
void Bufferevent::SetReading(bool wanted) {
  // Armed while nobody wanted to read, so without the timeout.
  if (wanted && !wanted_ && read_timeout_ > 0) Disarm();
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
  // The buffer is empty, or reading would fire for ever. See F1 in docs/architecture.md.
  if (buffered_ && !lingering_ && (!wanted_ || buffered_end_)) return;
  Unwatch();
  if (buffered_) {
    armed_ = bufferevent_enable(bufferevent_.get(), EV_READ) == 0;
    return;
  }
  const timeval timeout = Milliseconds(read_timeout_);
  const bool timed = wanted_ && read_timeout_ > 0;
  armed_ = event_add(&read_event_, timed ? &timeout : nullptr) == 0;
}

void Bufferevent::Settle() {
  const bool may_read = lingering_ || (wanted_ && outstanding_ < read_high_);
  if (!armed_ || buffered_ || may_read) {
    Arm();
    return;
  }
  Disarm();
  Watch();
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
      // Readable still, so the event has to go, unless credit is on its way.
      reactor_.SettleLater(this);
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
      // Used-up credit switches nothing off by itself: it may be back before more bytes are.
      if (static_cast<size_t>(got) < room || outstanding_ >= read_high_) return;
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

}  // namespace rxjs_libevent
