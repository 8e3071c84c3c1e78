// A Bufferevent whose bytes are encrypted: handshake, input, output and end.
//
// Thread, owner and lifetime: as in bufferevent.cc.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "bufferevent.h"
#include "reactor.h"
#include "tls_report.h"

namespace rxjs_libevent {
namespace {

// What is encrypted before it is sent.
constexpr size_t kEncryptBytes = 65536;
// Ciphertext of answers to control records (KeyUpdate, refused renegotiation) that may wait for a
// peer that asks and does not read.
constexpr uint32_t kMostAnswers = 16384;

}  // namespace

std::string& Bufferevent::Ciphertext() { return reactor_.ciphertext(); }

void Bufferevent::SetTls(const Record& record) {
  const bool can = phase_ == Phase::kConnecting || phase_ == Phase::kOpen;
  const Payload payload = reactor_.PayloadOf(record);
  TlsRequest request;
  if (tls_ || !can || output_ != Output::kOpen || !ReadRequest(payload, &request)) return;
  TlsWire* const wire = this;
  tls_ = std::make_unique<TlsSession>(Ciphertext(), wire);
  handshake_timeout_ = request.timeoutMs;
  {
    // No string is alive when libevent is called.
    std::string texts(reinterpret_cast<char*>(payload.data) + sizeof(request),
                      payload.bytes - sizeof(request));
    const auto take = [&texts](int32_t bytes) {
      const auto count = std::min(static_cast<size_t>(std::max(bytes, 0)), texts.size());
      std::string text = texts.substr(0, count);
      texts.erase(0, count);
      return text;
    };
    TlsSession::Names names;
    names.server = take(request.servernameBytes);
    names.alpn = take(request.alpnBytes);
    names.session = take(request.sessionBytes);
    const SslCtxPtr ctx = reactor_.tls().FindContext(request.context);
    if (ctx == nullptr || !tls_->Open(ctx.get(), request.flags, std::move(names))) {
      tls_->Fail(kTlsContextGone);
    } else if ((request.flags & kTlsGiveBack) != 0) {
      tls_->AwaitInput();
    } else if (static_cast<uint32_t>(request.receivedBytes) != received_) {
      // Taken for plaintext, though it has come behind what JavaScript had when it said this.
      tls_->Fail(kTlsPlaintext);
    }
  }
  if (tls_->stage() == TlsSession::Stage::kFailed) return FailHandshake(tls_->failure());
  // What waits is plain still, and goes first.
  if (OutputLength() > 0) tls_->Precede(static_cast<uint32_t>(OutputLength()));
  if (phase_ == Phase::kOpen) StartHandshake();
}

void Bufferevent::StartHandshake() {
  if (handshake_timeout_ > 0) {
    const timeval timeout = Milliseconds(handshake_timeout_);
    deadline_.reset(
        event_new(reactor_.base(), -1, 0, CallBack<&Bufferevent::OnHandshakeDeadline>, this));
    const int error = deadline_ ? reactor_.Add(deadline_.get(), &timeout) : ENOMEM;
    if (error != 0) return FailHandshake(kTlsContextGone);
  }
  if (tls_->stage() == TlsSession::Stage::kAwaiting) {
    StopReading();
    return reactor_.completions().Post(Completion::kTlsBegun, 0, id_, 0, 0);
  }
  // A client speaks first.
  Handshake();
  if (phase_ == Phase::kOpen) UpdateReading();
}

// What JavaScript had of it already, and what was on its way there.
void Bufferevent::GiveBack(const Record& record) {
  if (!tls_ || tls_->stage() != TlsSession::Stage::kAwaiting) return;
  const Payload payload = reactor_.PayloadOf(record);
  tls_->GiveBack(payload.data, payload.bytes);
  Handshake();
  if (phase_ != Phase::kClosed) UpdateReading();
}

// One step, which may be the expensive one, so that others come first before the next.
void Bufferevent::Handshake() {
  const TlsSession::Stage stage = tls_->Handshake();
  // With the first answer in one segment; where none follows, 200 ms later.
  const Failure failure = Flush(tls_->has_only_tickets() ? Segment::kWithNext : Segment::kAtOnce);
  reactor_.EndPass();
  PostNews("keylog", tls_->TakeKeys());
  if (stage == TlsSession::Stage::kFailed) return FailHandshake(tls_->failure());
  if (failure) return FailHandshake(kTlsSystem, failure.error);
  if (stage == TlsSession::Stage::kHandshaking) return;
  if (stage == TlsSession::Stage::kAsking) {
    // Nothing is read meanwhile, and the deadline goes on.
    StopReading();
    const int32_t report = reactor_.tls().AddReport(NameReport(tls_->ssl()));
    return reactor_.completions().Post(Completion::kTlsName, 0, id_, report, 0);
  }
  // Closing has a deadline of its own.
  if (phase_ == Phase::kOpen) deadline_.reset();
  const int32_t report = reactor_.tls().AddReport(SecuredReport(tls_->ssl()));
  reactor_.completions().Post(Completion::kTlsSecured, 0, id_, report, 0);
  PostNews("session", tls_->TakeTickets());
  const Failure early = Encrypt(reinterpret_cast<const uint8_t*>(early_.data()), early_.size());
  early_.clear();
  early_.shrink_to_fit();
  if (early) return FailWriting(early);
  CheckOutput();
}

void Bufferevent::Answer(int32_t context_id) {
  if (!tls_ || tls_->stage() != TlsSession::Stage::kAsking) return;
  SslCtxPtr ctx = context_id > 0 ? reactor_.tls().FindContext(context_id) : nullptr;
  const bool refused = context_id < 0 || (context_id > 0 && ctx == nullptr);
  tls_->Answer(std::move(ctx), refused);
  UpdateReading();
  ReadSoon();
}

void Bufferevent::OnHandshakeDeadline(short) { FailHandshake(kTlsTimedOut); }

// JavaScript closes what has failed, and may give the peer time to read the alert.
void Bufferevent::FailHandshake(TlsFailure failure, int error) {
  tls_->Fail(failure, error);
  wanted_ = false;
  StopReading();
  PostTlsFailure();
  if (phase_ == Phase::kLingering) return CloseAndRetire(false);
  deadline_.reset();
}

void Bufferevent::PostTlsFailure() {
  TlsReport report = FailureReport(tls_->ssl(), tls_->failure(), tls_->reason(), tls_->error());
  reactor_.completions().Post(Completion::kTlsFailed, 0, id_,
                              reactor_.tls().AddReport(std::move(report)), tls_->failure());
}

void Bufferevent::PostNews(const char* name, std::vector<std::string> news) {
  for (std::string& bytes : news) {
    const int32_t report =
        reactor_.tls().AddReport({{name, std::move(bytes), TlsField::Kind::kBytes}});
    reactor_.completions().Post(Completion::kTlsNews, 0, id_, report, 0);
  }
}

// --- Input.

// What libevent has read, unless a kind reads by itself.
ssize_t Bufferevent::ReceiveCiphertext(char* data, size_t bytes) {
  receiving_ = true;
  const int got = evbuffer_remove(InputBuffer(), data, bytes);
  receiving_ = false;
  if (got > 0) return got;
  if (input_ == Input::kEnding && end_error_ == 0) return 0;
  errno = input_ == Input::kEnding ? end_error_ : EAGAIN;
  return -1;
}

ssize_t Bufferevent::ReadSecured(uint8_t* data, size_t bytes) {
  const bool failed = tls_->stage() == TlsSession::Stage::kFailed;
  const ssize_t got = tls_->Read(data, bytes);
  int error = errno;
  PostNews("session", tls_->TakeTickets());
  PostNews("keylog", tls_->TakeKeys());
  answers_ = OutputLength() > 0 ? answers_ + static_cast<uint32_t>(Ciphertext().size()) : 0;
  const Failure failure = Flush();
  if (failure) FailWriting(failure);
  if (answers_ > kMostAnswers) {
    tls_->Fail(kTlsFlood);
    error = EPROTO;
  }
  const bool fails = !failed && tls_->stage() == TlsSession::Stage::kFailed;
  // Where the death watch has taken the socket's error, what follows looks like an early end.
  if (fails && end_error_ == 0 && tls_->error() == 0) PostTlsFailure();
  if (error == EPROTO && end_error_ != 0) error = end_error_;
  errno = error;
  return got;
}

// As MoveInput() does with what is not encrypted.
void Bufferevent::MoveSecured() {
  if (Handshakes()) Handshake();
  if (!tls_->has_ended_handshake()) return;
  if (Discards()) return UpdateReading();
  while (phase_ != Phase::kClosed && input_ != Input::kEnded) {
    if (!MayRead()) return PauseReading();
    if (!reactor_.HasRoom()) {
      PauseReading();
      return reactor_.Stall(this);
    }
    const ReadArena::Space space = Reserve();
    const ssize_t got = ReadSecured(space.data, space.bytes);
    if (got > 0) {
      Posted(static_cast<size_t>(got));
    } else if (got == 0 || errno != EAGAIN) {
      return EndReading(got == 0 ? 0 : errno);
    } else {
      return;
    }
  }
}

// --- Output.

void Bufferevent::WriteSecured(const Payload& payload) {
  Failure failure;
  if (tls_->secured()) {
    failure = Encrypt(payload.data, payload.bytes);
  } else {
    early_.append(reinterpret_cast<const char*>(payload.data), payload.bytes);
  }
  reactor_.Release(payload);
  if (failure) FailWriting(failure);
}

Failure Bufferevent::Encrypt(const uint8_t* data, size_t bytes) {
  while (bytes > 0) {
    const size_t some = std::min(bytes, kEncryptBytes);
    if (!tls_->Write(data, some)) {
      PostTlsFailure();
      return {EPROTO, kWriteCall};
    }
    const Failure failure = Flush();
    if (failure) return failure;
    data += some;
    bytes -= some;
  }
  return {};
}

// Sends what has been encrypted; what the system does not take waits in libevent's output.
Failure Bufferevent::Flush(Segment segment) {
  std::string& ciphertext = Ciphertext();
  const size_t bytes = ciphertext.size();
  if (bytes == 0) return {};
  if (output_ == Output::kFinished || output_ == Output::kFailed) {
    (void)tls_->Sent(bytes);
    ciphertext.clear();
    return {};
  }
  const auto* data = reinterpret_cast<const uint8_t*>(ciphertext.data());
  const ssize_t result =
      OutputLength() > 0 ? 0 : SendNow(data, static_cast<uint32_t>(bytes), segment);
  const size_t sent = static_cast<size_t>(std::max<ssize_t>(result, 0));
  Failure failure;
  if (result < 0) {
    failure = {errno, kWriteCall};
  } else if (sent < bytes) {
    reactor_.Count(kCopies);
    // A pair's other end reads it within the call, and may answer, which comes back here.
    std::string rest;
    rest.swap(ciphertext);
    const bool added = NeedBufferevent() != nullptr &&
                       evbuffer_add(OutputBuffer(), rest.data() + sent, bytes - sent) == 0;
    ciphertext.swap(rest);
    if (phase_ != Phase::kClosed) {
      failure = added ? Failure{Enable(bufferevent_.get(), EV_WRITE), kEventCall}
                      : Failure{ENOMEM, kAllocateCall};
    }
  }
  ciphertext.clear();
  if (sent > 0 && !failure) Sent(tls_->Sent(sent));
  return failure;
}

// --- End.

// Whether everything has been sent, close_notify included, so that the FIN may follow.
bool Bufferevent::EndSecured() {
  if (!tls_) return true;
  switch (tls_->stage()) {
    case TlsSession::Stage::kAwaiting:
    case TlsSession::Stage::kHandshaking:
    case TlsSession::Stage::kAsking:
      // Nobody takes the end of an unfinished handshake for an end of the data.
      return phase_ == Phase::kLingering;
    case TlsSession::Stage::kFailed:
      break;
    case TlsSession::Stage::kSecured:
      tls_->Shutdown();
      break;
  }
  const Failure failure = Flush(Segment::kWithNext);
  if (failure) FailWriting(failure);
  return !failure && tls_->AllSent();
}

// Closing at once: without close_notify a peer would take the FIN for a cut, and be right.
bool Bufferevent::CloseSecured() {
  if (!tls_ || !tls_->secured()) return true;
  if (phase_ != Phase::kOpen) return tls_->AllSent();
  tls_->Shutdown();
  std::string& ciphertext = Ciphertext();
  const auto* data = reinterpret_cast<const uint8_t*>(ciphertext.data());
  const auto bytes = static_cast<uint32_t>(ciphertext.size());
  const ssize_t sent =
      OutputLength() > 0 || bytes == 0 ? 0 : SendNow(data, bytes, Segment::kAtOnce);
  ciphertext.clear();
  if (sent > 0) (void)tls_->Sent(static_cast<size_t>(sent));
  return tls_->AllSent();
}

}  // namespace rxjs_libevent
