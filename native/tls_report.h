// What an SSL has to say to JavaScript.
//
// Thread: the reactor's; an SSL is its session's.
#pragma once

#include <algorithm>
#include <string>

#include "ring.h"
#include "tls_exchange.h"

namespace rxjs_libevent {

// The bytes of a certificate, or of a session.
template <typename Object, typename Encode>
std::string DerOf(Object* object, Encode encode) {
  const int bytes = encode(object, nullptr);
  std::string der(static_cast<size_t>(std::max(bytes, 0)), '\0');
  auto* end = reinterpret_cast<unsigned char*>(&der[0]);
  if (bytes > 0) encode(object, &end);
  return der;
}

// Of a handshake that is done: what has been agreed on, and who the peer is.
TlsReport SecuredReport(SSL* ssl);
// Of a handshake that waits: the name that the client wants.
TlsReport NameReport(SSL* ssl);
// `reason`: OpenSSL's words, or null; `error`: an errno of the wire, or 0.
TlsReport FailureReport(SSL* ssl, TlsFailure failure, const char* reason, int error);

}  // namespace rxjs_libevent
