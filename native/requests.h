// What the payloads of opening submissions begin with; texts follow. Each struct is made of one
// list of its fields, all of 32 bits, which layout.cc exports with their offsets.
#pragma once

#include <cstdint>
#include <cstring>

#include "lent_memory.h"

namespace rxjs_libevent {

// The remote and then the local host or path follow.
#define RXJS_LIBEVENT_CONNECT_REQUEST(X)                            \
  X(flags)       /* ConnectFlags */                                 \
  X(credit)      /* bytes that may be posted and not yet emitted */ \
  X(family)      /* AddressFamily */                                \
  X(port)        /* remote */                                       \
  X(remoteBytes) /* length of the remote text */                    \
  X(localPort)                                                      \
  X(localBytes)       /* length of the local text, 0 for any */     \
  X(keepAliveSeconds) /* seconds of silence before a probe, 0 for none */

#define RXJS_LIBEVENT_CONNECT_FLAGS(X) X(NoDelay, 1)

// The host or the path follows.
#define RXJS_LIBEVENT_LISTEN_REQUEST(X)                                      \
  X(flags)   /* ListenFlags */                                               \
  X(backlog) /* pending in the kernel */                                     \
  X(fd)      /* an existing socket, or -1 */                                 \
  X(family)  /* AddressFamily */                                             \
  X(port)                                                                    \
  X(credit)           /* connections that may be posted and not yet taken */ \
  X(keepAliveSeconds) /* of what is accepted, 0 for none */

#define RXJS_LIBEVENT_LISTEN_FLAGS(X) \
  X(Reuseable, 1)                     \
  X(ReuseablePort, 2)                 \
  X(Ipv6Only, 4)                      \
  X(DeferredAccept, 8)                \
  X(KeepOnExec, 16)                   \
  X(NoDelayAccepted, 32)

// Bytes for each tick; 0 for no limit in that direction. A tick of 0 lifts the limit.
#define RXJS_LIBEVENT_RATE_LIMIT_REQUEST(X) \
  X(readRate) X(readBurst) X(writeRate) X(writeBurst) X(tickMs)

// A part of an open file, whose descriptor is on its way (transit.h).
#define RXJS_LIBEVENT_SEND_FILE_REQUEST(X) X(fd) X(bytes) X(offsetLow) X(offsetHigh)

// The server's name, the protocols of ALPN and the session to resume follow.
#define RXJS_LIBEVENT_TLS_REQUEST(X)                                             \
  X(flags)         /* TlsFlags */                                                \
  X(context)       /* see tls_exchange.h */                                      \
  X(timeoutMs)     /* for the handshake, 0 for none */                           \
  X(receivedBytes) /* what JavaScript has received until now, the low 32 bits */ \
  X(servernameBytes)                                                             \
  X(alpnBytes)    /* of the list as it is on the wire */                         \
  X(sessionBytes) /* of the DER */

#define RXJS_LIBEVENT_TLS_FLAGS(X)                             \
  X(TlsServer, 1)                                              \
  X(TlsRequestCertificate, 2)                                  \
  X(TlsRejectUnauthorized, 4)                                  \
  X(TlsAskName, 8)   /* kTlsName for each full handshake */    \
  X(TlsGiveBack, 16) /* the handshake begins with kTlsInput */ \
  X(TlsKeylog, 32)   /* kTlsNews has the secrets */

#define RXJS_LIBEVENT_ENUMERATOR(name, value) k##name = (value),
enum ConnectFlag : int32_t { RXJS_LIBEVENT_CONNECT_FLAGS(RXJS_LIBEVENT_ENUMERATOR) };
enum TlsFlag : int32_t { RXJS_LIBEVENT_TLS_FLAGS(RXJS_LIBEVENT_ENUMERATOR) };
enum ListenFlag : int32_t { RXJS_LIBEVENT_LISTEN_FLAGS(RXJS_LIBEVENT_ENUMERATOR) };
#undef RXJS_LIBEVENT_ENUMERATOR

#define RXJS_LIBEVENT_FIELD(name) int32_t name;
struct ConnectRequest {
  RXJS_LIBEVENT_CONNECT_REQUEST(RXJS_LIBEVENT_FIELD)
};
struct ListenRequest {
  RXJS_LIBEVENT_LISTEN_REQUEST(RXJS_LIBEVENT_FIELD)
};
struct RateLimitRequest {
  RXJS_LIBEVENT_RATE_LIMIT_REQUEST(RXJS_LIBEVENT_FIELD)
};
struct SendFileRequest {
  RXJS_LIBEVENT_SEND_FILE_REQUEST(RXJS_LIBEVENT_FIELD)
};
struct TlsRequest {
  RXJS_LIBEVENT_TLS_REQUEST(RXJS_LIBEVENT_FIELD)
};
#undef RXJS_LIBEVENT_FIELD

// Reads the struct that a payload begins with. Returns false if the payload is too short for it.
template <typename Request>
[[nodiscard]] bool ReadRequest(const Payload& payload, Request* request) {
  if (payload.data == nullptr || payload.bytes < sizeof(Request)) return false;
  memcpy(request, payload.data, sizeof(Request));
  return true;
}

}  // namespace rxjs_libevent
