// Thread: the reactor's. Owner: the Bufferevent. Lifetime: from kTls to the end of the handler.
//
// The queue of OpenSSL's errors is the thread's, and where JavaScript's thread turns the base it is
// Node's as well: it is empty before each call that fails by it, and afterwards.
#include "tls_session.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "tls_report.h"

namespace rxjs_libevent {
namespace {

constexpr size_t kKeptMarks = 8;

long ControlWire(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

// Whether a client goes on with a server that it cannot verify is for JavaScript to say.
int AcceptAny(int, X509_STORE_CTX*) { return 1; }

}  // namespace

BIO_METHOD* TlsSession::Method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made =
        openssl.BIO_meth_new(openssl.BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "reactor");
    if (made == nullptr) return made;
    const auto read = [](BIO* bio, char* data, int bytes) -> int {
      auto* session = static_cast<TlsSession*>(openssl.BIO_get_data(bio));
      openssl.BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
      const ssize_t got = session->ReceiveCiphertext(data, static_cast<size_t>(bytes));
      if (got > 0) return static_cast<int>(got);
      if (got == 0) {
        session->wire_ended_ = true;
      } else if (errno == EAGAIN || errno == EINTR) {
        openssl.BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
      } else {
        session->error_ = errno;
      }
      return static_cast<int>(got);
    };
    const auto write = [](BIO* bio, const char* data, int bytes) -> int {
      auto* session = static_cast<TlsSession*>(openssl.BIO_get_data(bio));
      session->ciphertext_.append(data, static_cast<size_t>(bytes));
      session->ciphertext_end_ += static_cast<size_t>(bytes);
      return bytes;
    };
    openssl.BIO_meth_set_read(made, read);
    openssl.BIO_meth_set_write(made, write);
    openssl.BIO_meth_set_ctrl(made, ControlWire);
    return made;
  }();
  return method;
}

// Most calls leave none, and clearing goes through the whole queue.
void TlsSession::ClearErrors() {
  if (openssl.ERR_peek_error() != 0) openssl.ERR_clear_error();
}

TlsSession* TlsSession::Of(const SSL* ssl) {
  return static_cast<TlsSession*>(openssl.SSL_get_ex_data(ssl, 0));
}

void TlsSession::SetCallbacks(SSL_CTX* ctx, bool logs_keys) {
  openssl.SSL_CTX_sess_set_new_cb(ctx, OnSession);
  openssl.SSL_CTX_set_alpn_select_cb(ctx, OnAlpn, nullptr);
  if (logs_keys) openssl.SSL_CTX_set_keylog_callback(ctx, OnKey);
}

bool TlsSession::Open(SSL_CTX* ctx, int32_t flags, Names names) {
  ClearErrors();
  ssl_.reset(openssl.SSL_new(ctx));
  BIO_METHOD* method = Method();
  BIO* bio = ssl_ == nullptr || method == nullptr ? nullptr : openssl.BIO_new(method);
  if (bio == nullptr) return false;
  openssl.BIO_set_data(bio, this);
  openssl.BIO_set_init(bio, 1);
  openssl.SSL_set_bio(ssl_.get(), bio, bio);
  openssl.SSL_set_ex_data(ssl_.get(), 0, this);
  openssl.SSL_set_options(ssl_.get(), SSL_OP_NO_RENEGOTIATION);
  const bool rejects = (flags & kTlsRejectUnauthorized) != 0;
  serves_ = (flags & kTlsServer) != 0;
  if ((flags & kTlsKeylog) != 0) keys_ = std::make_unique<std::vector<std::string>>();
  if (serves_) {
    alpn_ = std::move(names.alpn);
    const bool asks = (flags & kTlsRequestCertificate) != 0;
    const int mode = asks ? SSL_VERIFY_PEER | (rejects ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0) : 0;
    openssl.SSL_set_verify(ssl_.get(), mode, rejects ? nullptr : AcceptAny);
    const bool asks_name = (flags & kTlsAskName) != 0;
    if (asks_name) openssl.SSL_set_cert_cb(ssl_.get(), OnCertificate, this);
    // A client that the authorities of one name have verified could go on under another.
    const bool resumes = !asks || !asks_name;
    if (!resumes) openssl.SSL_set_options(ssl_.get(), SSL_OP_NO_TICKET);
    // The second that OpenSSL would send costs 3 % of a handshake, and most clients keep one.
    openssl.SSL_set_num_tickets(ssl_.get(), resumes ? 1 : 0);
    openssl.SSL_set_accept_state(ssl_.get());
    return true;
  }
  openssl.SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, rejects ? nullptr : AcceptAny);
  openssl.SSL_set_connect_state(ssl_.get());
  if (!names.server.empty() && openssl.SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME,
                                                TLSEXT_NAMETYPE_host_name, &names.server[0]) != 1) {
    return false;
  }
  const auto* alpn = reinterpret_cast<const unsigned char*>(names.alpn.data());
  if (openssl.SSL_set_alpn_protos(ssl_.get(), alpn, static_cast<unsigned int>(names.alpn.size())) !=
      0) {
    return false;
  }
  if (names.session.empty()) return true;
  const auto* der = reinterpret_cast<const unsigned char*>(names.session.data());
  SSL_SESSION* session =
      openssl.d2i_SSL_SESSION(nullptr, &der, static_cast<long>(names.session.size()));
  // One that cannot be used costs a full handshake, and nothing else.
  if (session != nullptr) (void)openssl.SSL_set_session(ssl_.get(), session);
  openssl.SSL_SESSION_free(session);
  ClearErrors();
  return true;
}

void TlsSession::GiveBack(const uint8_t* data, size_t bytes) {
  given_back_.assign(reinterpret_cast<const char*>(data), bytes);
  stage_ = Stage::kHandshaking;
}

ssize_t TlsSession::ReceiveCiphertext(char* data, size_t bytes) {
  if (given_back_.empty()) {
    const ssize_t received = wire_->ReceiveCiphertext(data, bytes);
    wire_drained_ = received < static_cast<ssize_t>(bytes);
    return received;
  }
  wire_drained_ = false;
  const size_t got = given_back_.copy(data, bytes);
  given_back_.erase(0, got);
  if (given_back_.empty()) given_back_.shrink_to_fit();
  return static_cast<ssize_t>(got);
}

TlsSession::Stage TlsSession::Handshake() {
  if (stage_ != Stage::kHandshaking) return stage_;
  ClearErrors();
  const int result = openssl.SSL_do_handshake(ssl_.get());
  if (result == 1) {
    stage_ = Stage::kSecured;
    // What the peer has sent right behind its last message may have been read with that.
    starved_ = false;
    alpn_.clear();
    alpn_.shrink_to_fit();
  } else {
    Note(result);
  }
  ClearErrors();
  return stage_;
}

// What a call has failed with.
void TlsSession::Note(int result) {
  const int error = openssl.SSL_get_error(ssl_.get(), result);
  starved_ = error == SSL_ERROR_WANT_READ;
  if (starved_) return;
  if (error == SSL_ERROR_WANT_X509_LOOKUP) {
    stage_ = Stage::kAsking;
    return;
  }
  if (error == SSL_ERROR_ZERO_RETURN && stage_ == Stage::kSecured) {
    end_ = End::kNotified;
    return;
  }
  const bool handshakes = stage_ != Stage::kSecured;
  const unsigned long first = openssl.ERR_peek_error();
  stage_ = Stage::kFailed;
  end_ = End::kFailed;
  reason_ = openssl.ERR_reason_error_string(first);
  if (error_ != 0) {
    failure_ = kTlsSystem;
  } else if (wire_ended_ || error == SSL_ERROR_ZERO_RETURN) {
    failure_ = handshakes ? kTlsEnded : kTlsTruncated;
  } else if (ERR_GET_REASON(first) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    failure_ = kTlsCertificate;
  } else {
    failure_ = handshakes ? kTlsHandshake : kTlsRecord;
  }
}

void TlsSession::Fail(TlsFailure failure, int error) {
  if (error != 0) error_ = error;
  stage_ = Stage::kFailed;
  end_ = End::kFailed;
  failure_ = failure;
}

int TlsSession::OnCertificate(SSL* ssl, void* self) {
  auto* session = static_cast<TlsSession*>(self);
  switch (session->answered_) {
    case Answered::kNo:
      return -1;
    case Answered::kRefused:
      return 0;
    case Answered::kKeep:
      break;
  }
  SSL_CTX* ctx = session->answer_.get();
  if (ctx == nullptr) return 1;
  if (openssl.SSL_set_SSL_CTX(ssl, ctx) == nullptr) return 0;
  // A certificate of the client's is verified by the same context, as in Node.
  openssl.SSL_ctrl(ssl, SSL_CTRL_SET_VERIFY_CERT_STORE, 1, openssl.SSL_CTX_get_cert_store(ctx));
  openssl.SSL_set_client_CA_list(ssl,
                                 openssl.SSL_dup_CA_list(openssl.SSL_CTX_get_client_CA_list(ctx)));
  return 1;
}

int TlsSession::OnAlpn(SSL* ssl, const unsigned char** chosen, unsigned char* length,
                       const unsigned char* offered, unsigned int bytes, void*) {
  const std::string& own = Of(ssl)->alpn_;
  if (own.empty()) return SSL_TLSEXT_ERR_NOACK;
  const auto* list = reinterpret_cast<const unsigned char*>(own.data());
  const int found =
      openssl.SSL_select_next_proto(const_cast<unsigned char**>(chosen), length, list,
                                    static_cast<unsigned int>(own.size()), offered, bytes);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int TlsSession::OnSession(SSL* ssl, SSL_SESSION* session) {
  TlsSession* self = Of(ssl);
  if (self != nullptr && !self->serves_ && openssl.SSL_SESSION_is_resumable(session) == 1) {
    self->tickets_.push_back(DerOf(session, openssl.i2d_SSL_SESSION));
  }
  return 0;
}

// For every SSL of the context, on the thread of its own reactor.
void TlsSession::OnKey(const SSL* ssl, const char* line) {
  const TlsSession* self = Of(ssl);
  if (self != nullptr && self->keys_) self->keys_->push_back(std::string(line) + '\n');
}

std::vector<std::string> TlsSession::TakeKeys() {
  return keys_ ? std::exchange(*keys_, {}) : std::vector<std::string>();
}

void TlsSession::Answer(SslCtxPtr ctx, bool refused) {
  if (stage_ != Stage::kAsking) return;
  stage_ = Stage::kHandshaking;
  answered_ = refused ? Answered::kRefused : Answered::kKeep;
  answer_ = std::move(ctx);
}

ssize_t TlsSession::Read(uint8_t* data, size_t bytes) {
  if (end_ != End::kNone) return Ended();
  ClearErrors();
  size_t got = 0;
  starved_ = false;
  while (got < bytes && end_ == End::kNone && !starved_) {
    size_t one = 0;
    const int result = openssl.SSL_read_ex(ssl_.get(), data + got, bytes - got, &one);
    got += one;
    if (result != 1) {
      Note(result);
    } else if (wire_drained_ && openssl.SSL_has_pending(ssl_.get()) == 0) {
      // One more call would ask the system for what it does not have.
      starved_ = true;
    }
  }
  ClearErrors();
  return got > 0 ? static_cast<ssize_t>(got) : Ended();
}

ssize_t TlsSession::Peek() {
  if (end_ != End::kNone) return Ended();
  ClearErrors();
  uint8_t byte;
  size_t got = 0;
  const int result = openssl.SSL_peek_ex(ssl_.get(), &byte, 1, &got);
  if (result != 1) Note(result);
  ClearErrors();
  return got > 0 ? 1 : Ended();
}

ssize_t TlsSession::Ended() {
  if (end_ == End::kNotified) return 0;
  const int failed = error_ != 0 ? error_ : EPROTO;
  errno = end_ == End::kNone ? EAGAIN : failed;
  return -1;
}

bool TlsSession::HasPending() const {
  const auto pending = [this] {
    return !given_back_.empty() || openssl.SSL_has_pending(ssl_.get()) == 1;
  };
  return end_ != End::kNone || (!starved_ && pending());
}

bool TlsSession::Write(const uint8_t* data, size_t bytes) {
  ClearErrors();
  while (bytes > 0 && stage_ == Stage::kSecured) {
    size_t done = 0;
    const int result = openssl.SSL_write_ex(
        ssl_.get(), data, std::min<size_t>(bytes, SSL3_RT_MAX_PLAIN_LENGTH), &done);
    if (result != 1) {
      // The wire takes everything, so there is nothing to wait for.
      Note(result);
      if (stage_ == Stage::kSecured) Fail(kTlsRecord);
      break;
    }
    Mark(ciphertext_end_, static_cast<uint32_t>(done));
    data += done;
    bytes -= done;
  }
  ClearErrors();
  return bytes == 0;
}

bool TlsSession::has_only_tickets() const {
  return serves_ && secured() && openssl.SSL_version(ssl_.get()) == TLS1_3_VERSION;
}

void TlsSession::Shutdown() {
  if (shut_down_ || stage_ != Stage::kSecured) return;
  shut_down_ = true;
  ClearErrors();
  (void)openssl.SSL_shutdown(ssl_.get());
  ClearErrors();
}

void TlsSession::Precede(uint32_t bytes) {
  ciphertext_end_ += bytes;
  Mark(ciphertext_end_, bytes);
}

void TlsSession::Mark(uint64_t end, uint32_t plain) { marks_.push_back({end, plain}); }

uint32_t TlsSession::Sent(size_t bytes) {
  ciphertext_sent_ += bytes;
  uint32_t plain = 0;
  while (first_mark_ < marks_.size() && marks_[first_mark_].end <= ciphertext_sent_) {
    plain += marks_[first_mark_++].plain;
  }
  if (first_mark_ == marks_.size()) {
    first_mark_ = 0;
    marks_.clear();
    // An idle session keeps no more than a few.
    if (marks_.capacity() > kKeptMarks) marks_.shrink_to_fit();
  } else if (first_mark_ > marks_.size() / 2) {
    marks_.erase(marks_.begin(), marks_.begin() + static_cast<ptrdiff_t>(first_mark_));
    first_mark_ = 0;
  }
  return plain;
}

}  // namespace rxjs_libevent
