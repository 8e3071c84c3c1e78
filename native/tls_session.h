// One SSL, between the bytes of the user and those of the wire. It knows no socket and sends
// nothing.
//
// Thread: the reactor's. Owner: the Bufferevent that it secures.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "requests.h"
#include "ring.h"
#include "tls_exchange.h"

namespace rxjs_libevent {

// Where an SSL reads what the peer has encrypted.
class TlsWire {
 public:
  // As recv(): 0 for the end, -1 with errno.
  virtual ssize_t ReceiveCiphertext(char* data, size_t bytes) = 0;

 protected:
  ~TlsWire() = default;
};

struct SslDeleter {
  void operator()(SSL* ssl) const { openssl.SSL_free(ssl); }
};

class TlsSession {
 public:
  // kAwaiting: the handshake begins with GiveBack(). kAsking: it waits for the context of the name
  // that the client wants.
  enum class Stage { kAwaiting, kHandshaking, kAsking, kSecured, kFailed };

  struct Names {
    std::string server;
    std::string alpn;     // as on the wire
    std::string session;  // DER
  };

  // `ciphertext`: where what is to be sent is put, before each call empty or about to be sent.
  TlsSession(std::string& ciphertext, TlsWire* wire) : ciphertext_(ciphertext), wire_(wire) {}
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // For each SSL_CTX, before the first session of it. Without a key log OpenSSL formats no secret.
  static void SetCallbacks(SSL_CTX* ctx, bool logs_keys);

  // Returns false where OpenSSL has no memory, or does not take a name.
  [[nodiscard]] bool Open(SSL_CTX* ctx, int32_t flags, Names names);
  void MoveTo(TlsWire* wire) { wire_ = wire; }

  void AwaitInput() { stage_ = Stage::kAwaiting; }
  // Ciphertext in front of what the wire has.
  void GiveBack(const uint8_t* data, size_t bytes);

  Stage stage() const { return stage_; }
  bool secured() const { return stage_ == Stage::kSecured; }
  bool has_ended_handshake() const { return stage_ >= Stage::kSecured; }
  // One step. It may put something into the ciphertext, whatever comes of it.
  Stage Handshake();
  // While it asks: the context to go on with, or null for the one that it has; or a refusal.
  void Answer(SslCtxPtr ctx, bool refused);
  // From outside.
  void Fail(TlsFailure failure, int error = 0);

  // As recv(): EAGAIN while a record is incomplete, EPROTO when the session has failed.
  ssize_t Read(uint8_t* data, size_t bytes);
  // The same for one byte, which stays.
  ssize_t Peek();
  // Whether Read() has something that no more ciphertext is needed for.
  bool HasPending() const;

  // Encrypts. Returns false where the session has failed.
  [[nodiscard]] bool Write(const uint8_t* data, size_t bytes);
  // close_notify, once.
  void Shutdown();
  // Plain output that is sent before all ciphertext.
  void Precede(uint32_t bytes);
  // Ciphertext has been sent. Returns how many of the user's bytes are complete with it.
  uint32_t Sent(size_t bytes);
  // Nobody waits for what the handshake has put into the ciphertext: tickets of TLS 1.3.
  bool has_only_tickets() const;
  // Everything that has been encrypted has been sent.
  bool AllSent() const { return ciphertext_sent_ == ciphertext_end_; }

  TlsFailure failure() const { return failure_; }
  // Why it has failed, for FailureReport(): OpenSSL's words or null, and the errno of the wire or
  // 0.
  const char* reason() const { return reason_; }
  int error() const { return error_; }
  SSL* ssl() { return ssl_.get(); }
  // Sessions that have come since the last call, for a client to resume.
  std::vector<std::string> TakeTickets() { return std::move(tickets_); }
  // Lines for a key log, likewise.
  std::vector<std::string> TakeKeys();

 private:
  enum class Answered { kNo, kKeep, kRefused };
  enum class End { kNone, kNotified, kFailed };
  struct MarkedOutput {
    uint64_t end;  // of its ciphertext
    uint32_t plain;
  };

  static void ClearErrors();
  void Note(int result);
  ssize_t Ended();
  ssize_t ReceiveCiphertext(char* data, size_t bytes);
  void Mark(uint64_t end, uint32_t plain);

  static BIO_METHOD* Method();
  static TlsSession* Of(const SSL* ssl);
  static int OnCertificate(SSL* ssl, void* self);
  static int OnAlpn(SSL* ssl, const unsigned char** chosen, unsigned char* length,
                    const unsigned char* offered, unsigned int bytes, void* nothing);
  static int OnSession(SSL* ssl, SSL_SESSION* session);
  static void OnKey(const SSL* ssl, const char* line);

  std::string& ciphertext_;
  TlsWire* wire_;
  std::unique_ptr<SSL, SslDeleter> ssl_;
  Stage stage_ = Stage::kHandshaking;
  Answered answered_ = Answered::kNo;
  SslCtxPtr answer_;
  End end_ = End::kNone;
  TlsFailure failure_ = kTlsHandshake;
  int error_ = 0;  // of the wire
  bool serves_ = false;
  bool wire_ended_ = false;
  bool starved_ = false;       // the last read had too little ciphertext
  bool wire_drained_ = false;  // the wire has just given less than it was asked for
  bool shut_down_ = false;
  const char* reason_ = nullptr;  // OpenSSL's
  std::string alpn_;
  std::vector<std::string> tickets_;
  std::unique_ptr<std::vector<std::string>> keys_;  // where they are asked for
  std::string given_back_;
  std::vector<MarkedOutput> marks_;
  size_t first_mark_ = 0;
  uint64_t ciphertext_end_ = 0;
  uint64_t ciphertext_sent_ = 0;
};

}  // namespace rxjs_libevent
