// Node's own OpenSSL, looked up at run time: nothing is linked, so the addon loads where there is
// none. A second OpenSSL in the process could not use the SSL_CTX that Node has made.
//
// Thread: any, once LoadOpenSsl() has succeeded on JavaScript's. Lifetime: the process.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>

namespace rxjs_libevent {

#define RXJS_LIBEVENT_OPENSSL_FUNCTIONS(X) \
  X(BIO_clear_flags)                       \
  X(BIO_get_data)                          \
  X(BIO_get_new_index)                     \
  X(BIO_meth_new)                          \
  X(BIO_meth_set_ctrl)                     \
  X(BIO_meth_set_read)                     \
  X(BIO_meth_set_write)                    \
  X(BIO_new)                               \
  X(BIO_set_data)                          \
  X(BIO_set_flags)                         \
  X(BIO_set_init)                          \
  X(ERR_clear_error)                       \
  X(ERR_peek_error)                        \
  X(ERR_reason_error_string)               \
  X(OPENSSL_sk_num)                        \
  X(OPENSSL_sk_value)                      \
  X(OpenSSL_version)                       \
  X(SSL_CIPHER_get_name)                   \
  X(SSL_CIPHER_get_version)                \
  X(SSL_CIPHER_standard_name)              \
  X(SSL_CTX_callback_ctrl)                 \
  X(SSL_CTX_ctrl)                          \
  X(SSL_CTX_free)                          \
  X(SSL_CTX_get_cert_store)                \
  X(SSL_CTX_get_client_CA_list)            \
  X(SSL_CTX_sess_set_get_cb)               \
  X(SSL_CTX_sess_set_new_cb)               \
  X(SSL_CTX_set_alpn_select_cb)            \
  X(SSL_CTX_set_default_read_buffer_len)   \
  X(SSL_CTX_set_keylog_callback)           \
  X(SSL_CTX_set_tlsext_ticket_key_evp_cb)  \
  X(SSL_CTX_up_ref)                        \
  X(SSL_SESSION_free)                      \
  X(SSL_SESSION_is_resumable)              \
  X(SSL_ctrl)                              \
  X(SSL_do_handshake)                      \
  X(SSL_dup_CA_list)                       \
  X(SSL_free)                              \
  X(SSL_get0_alpn_selected)                \
  X(SSL_get1_peer_certificate)             \
  X(SSL_get_current_cipher)                \
  X(SSL_get_error)                         \
  X(SSL_get_ex_data)                       \
  X(SSL_get_peer_cert_chain)               \
  X(SSL_get_servername)                    \
  X(SSL_get_verify_result)                 \
  X(SSL_get_version)                       \
  X(SSL_has_pending)                       \
  X(SSL_new)                               \
  X(SSL_peek_ex)                           \
  X(SSL_read_ex)                           \
  X(SSL_select_next_proto)                 \
  X(SSL_session_reused)                    \
  X(SSL_set_SSL_CTX)                       \
  X(SSL_set_accept_state)                  \
  X(SSL_set_alpn_protos)                   \
  X(SSL_set_bio)                           \
  X(SSL_set_cert_cb)                       \
  X(SSL_set_client_CA_list)                \
  X(SSL_set_connect_state)                 \
  X(SSL_set_ex_data)                       \
  X(SSL_set_num_tickets)                   \
  X(SSL_set_options)                       \
  X(SSL_set_session)                       \
  X(SSL_set_verify)                        \
  X(SSL_shutdown)                          \
  X(SSL_version)                           \
  X(SSL_write_ex)                          \
  X(X509_free)                             \
  X(X509_verify_cert_error_string)         \
  X(d2i_SSL_SESSION)                       \
  X(i2d_SSL_SESSION)                       \
  X(i2d_X509)

// A member of that name, which the compiler takes without parentheses alone.
// NOLINTNEXTLINE(bugprone-macro-parentheses)
#define RXJS_LIBEVENT_MEMBER(name) decltype(&::name) name;
struct OpenSsl {
  RXJS_LIBEVENT_OPENSSL_FUNCTIONS(RXJS_LIBEVENT_MEMBER)
};
#undef RXJS_LIBEVENT_MEMBER

// What LoadOpenSsl() has found; used by nobody before.
extern const OpenSsl& openssl;

// `version`: of the OpenSSL that Node says it has. Returns why it cannot be used, or nothing.
std::string LoadOpenSsl(const std::string& version);

// The SSL_CTX in the external of a Node `SecureContext`, or null.
SSL_CTX* SslCtxOf(void* external);

struct SslCtxDeleter {
  void operator()(SSL_CTX* ctx) const { openssl.SSL_CTX_free(ctx); }
};

}  // namespace rxjs_libevent
