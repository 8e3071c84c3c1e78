#include "wire.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "die.h"

enum { kPatienceMs = 10000, kReadAheadBytes = 64 * 1024 };

static void die_tls(const char* what) {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  die("%s: %s", what, reason ? reason : "the server has closed the connection");
}

/* A copy, since OpenSSL marks a session that a newer one follows: it can be resumed no more, by
 * none of those that have it. */
static int keep_session(SSL* ssl, SSL_SESSION* session) {
  TlsClient* client = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
  if (!SSL_SESSION_is_resumable(session)) return 0;
  SSL_SESSION_free(client->session);
  client->session = SSL_SESSION_dup(session);
  return 0;
}

TlsClient* tls_client_new(void) {
  TlsClient* client = OPENSSL_zalloc(sizeof *client);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (!client || !context) die("out of memory");
  client->context = context;
  SSL_CTX_set_app_data(context, client);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, kReadAheadBytes);
  /* Ten thousand idle sessions are not to fill the machine. */
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  return client;
}

Wire wire_secure(int fd, TlsClient* client, LoadTls tls) {
  Wire wire = {fd, SSL_new(client->context)};
  BIO* input = BIO_new_socket(fd, BIO_NOCLOSE);
  BIO* output = BIO_new(BIO_s_mem());
  if (!wire.ssl || !input || !output) die("out of memory");
  SSL_set_bio(wire.ssl, input, output);
  SSL_set_connect_state(wire.ssl);
  bool resumes = tls == kTlsResumed && client->session;
  SSL_SESSION* session = resumes ? SSL_SESSION_dup(client->session) : NULL;
  if (resumes && !SSL_set_session(wire.ssl, session)) die_tls("the session to resume");
  SSL_SESSION_free(session);
  SSL_set_app_data(wire.ssl, resumes ? client : NULL);
  return wire;
}

/* Whether a call that has not done all may be tried again. */
static bool wants_more(const Wire* wire, int result) {
  return SSL_get_error(wire->ssl, result) == SSL_ERROR_WANT_READ;
}

bool wire_handshake(const Wire* wire) {
  if (!wire->ssl || SSL_is_init_finished(wire->ssl)) return true;
  ERR_clear_error();
  int result = SSL_do_handshake(wire->ssl);
  (void)wire_flush(wire);
  if (result == 1) {
    if (SSL_get_app_data(wire->ssl) && !SSL_session_reused(wire->ssl)) {
      die("the server has not resumed a session");
    }
    return true;
  }
  if (!wants_more(wire, result)) die_tls("handshake");
  return false;
}

void wire_handshake_now(const Wire* wire) {
  while (!wire_handshake(wire)) {
    struct pollfd wait = {.fd = wire->fd, .events = POLLIN};
    if (poll(&wait, 1, kPatienceMs) != 1) die("the handshake has taken longer than 10 s");
  }
}

bool wire_flush(const Wire* wire) {
  if (!wire->ssl) return true;
  BIO* output = SSL_get_wbio(wire->ssl);
  char* bytes;
  long waiting = BIO_get_mem_data(output, &bytes);
  if (waiting == 0) return true;
  ssize_t sent = send(wire->fd, bytes, (size_t)waiting, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) die_errno("send to the server");
  if (sent == waiting) return BIO_reset(output) == 1;
  /* A mem BIO gives back from its front. */
  char nowhere[4096];
  while (sent > 0) {
    int part = sent < (ssize_t)sizeof nowhere ? (int)sent : (int)sizeof nowhere;
    sent -= BIO_read(output, nowhere, part);
  }
  return false;
}

ssize_t wire_send(const Wire* wire, const void* bytes, size_t length) {
  if (!wire->ssl) return send(wire->fd, bytes, length, MSG_NOSIGNAL);
  if (!wire_flush(wire)) {
    errno = EAGAIN;
    return -1;
  }
  size_t written = 0;
  ERR_clear_error();
  if (SSL_write_ex(wire->ssl, bytes, length, &written) != 1) die_tls("send to the server");
  (void)wire_flush(wire);
  return (ssize_t)written;
}

ssize_t wire_receive(const Wire* wire, void* bytes, size_t length) {
  if (!wire->ssl) return recv(wire->fd, bytes, length, 0);
  size_t received = 0;
  ERR_clear_error();
  while (received < length) {
    size_t part = 0;
    int result = SSL_read_ex(wire->ssl, (char*)bytes + received, length - received, &part);
    received += part;
    if (result == 1) continue;
    if (SSL_get_shutdown(wire->ssl) & SSL_RECEIVED_SHUTDOWN) return (ssize_t)received;
    if (!wants_more(wire, result)) die_tls("receive from the server");
    if (received > 0) break;
    errno = EAGAIN;
    return -1;
  }
  return (ssize_t)received;
}

void wire_close(const Wire* wire) {
  if (wire->ssl) {
    (void)SSL_shutdown(wire->ssl);
    (void)wire_flush(wire);
    SSL_free(wire->ssl);
  }
  close(wire->fd);
}
