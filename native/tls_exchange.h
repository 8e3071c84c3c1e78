// What TLS hands over between JavaScript and the reactors of an environment: contexts one way,
// reports the other. A context is JavaScript's until it is taken back, and each socket that uses it
// keeps a reference of its own; the first submission that names one comes before it is taken back.
// What is still here when the environment ends is freed.
//
// Threads: JavaScript's and every reactor of an environment. Owner: the environment.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "openssl.h"

namespace rxjs_libevent {

using SslCtxPtr = std::unique_ptr<SSL_CTX, SslCtxDeleter>;

// What a socket has to say beyond the words of a completion: names, and for each a text (latin1) or
// the bytes of a certificate or a session.
struct TlsField {
  enum class Kind { kText, kBytes };

  const char* name;
  std::string value;
  Kind kind = Kind::kText;
};
using TlsReport = std::vector<TlsField>;

class TlsExchange {
 public:
  int32_t AddContext(SslCtxPtr ctx) {
    std::lock_guard<std::mutex> lock(mutex_);
    contexts_[Next()] = std::move(ctx);
    return last_;
  }

  // Null where it has been taken back.
  SslCtxPtr FindContext(int32_t id) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = contexts_.find(id);
    if (found == contexts_.end()) return nullptr;
    openssl.SSL_CTX_up_ref(found->second.get());
    return SslCtxPtr(found->second.get());
  }

  void RemoveContext(int32_t id) {
    std::lock_guard<std::mutex> lock(mutex_);
    contexts_.erase(id);
  }

  int32_t AddReport(TlsReport report) {
    std::lock_guard<std::mutex> lock(mutex_);
    reports_[Next()] = std::move(report);
    return last_;
  }

  // Each is taken once.
  TlsReport TakeReport(int32_t id) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = reports_.find(id);
    if (found == reports_.end()) return {};
    TlsReport report = std::move(found->second);
    reports_.erase(found);
    return report;
  }

 private:
  int32_t Next() { return last_ = last_ == INT32_MAX ? 1 : last_ + 1; }

  std::mutex mutex_;
  int32_t last_ = 0;
  std::unordered_map<int32_t, SslCtxPtr> contexts_;
  std::unordered_map<int32_t, TlsReport> reports_;
};

}  // namespace rxjs_libevent
