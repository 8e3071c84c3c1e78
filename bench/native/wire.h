/* A socket of the load generator, as it is or secured by TLS. Nothing here blocks but the first
 * handshakes. Owner: the worker's thread alone. */
#ifndef BENCH_WIRE_H_
#define BENCH_WIRE_H_

#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/types.h>

#include "load_options.h"

/* What the connections of a worker have in common. */
typedef struct TlsClient {
  SSL_CTX* context;
  SSL_SESSION* session; /* The latest that can be resumed. */
} TlsClient;

typedef struct Wire {
  int fd;
  SSL* ssl; /* NULL: what is sent is sent as it is. */
} Wire;

/* The server's certificate is not verified: that is no part of any figure. */
TlsClient* tls_client_new(void);

/* A new session over a socket that connects or has connected; resumes the client's latest if it is
 * to. The handshake is still to be done. */
Wire wire_secure(int fd, TlsClient* client, LoadTls tls);

/* Goes on with the handshake. Returns whether it is done; dies when it fails, or when what was to
 * be resumed was not. */
bool wire_handshake(const Wire* wire);

/* The whole of it, waiting. */
void wire_handshake_now(const Wire* wire);

/* As send(); but TLS takes everything, and what the system does not take is sent by the next call,
 * or by wire_flush(). Returns -1 with EAGAIN while such bytes wait. */
ssize_t wire_send(const Wire* wire, const void* bytes, size_t length);

/* Returns whether nothing waits any more. */
bool wire_flush(const Wire* wire);

/* As recv(), and less than `length` means that there is no more. */
ssize_t wire_receive(const Wire* wire, void* bytes, size_t length);

/* Says goodbye, and closes. */
void wire_close(const Wire* wire);

#endif
