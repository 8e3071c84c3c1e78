// Thread: the reactor's.
#include "tls_report.h"

#include <openssl/x509_vfy.h>

namespace rxjs_libevent {
namespace {

// The names by which Node knows the errors of a certificate.
#define RXJS_LIBEVENT_VERIFY_ERRORS(X)  \
  X(UNABLE_TO_GET_ISSUER_CERT)          \
  X(UNABLE_TO_GET_CRL)                  \
  X(UNABLE_TO_DECRYPT_CERT_SIGNATURE)   \
  X(UNABLE_TO_DECRYPT_CRL_SIGNATURE)    \
  X(UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY) \
  X(CERT_SIGNATURE_FAILURE)             \
  X(CRL_SIGNATURE_FAILURE)              \
  X(CERT_NOT_YET_VALID)                 \
  X(CERT_HAS_EXPIRED)                   \
  X(CRL_NOT_YET_VALID)                  \
  X(CRL_HAS_EXPIRED)                    \
  X(ERROR_IN_CERT_NOT_BEFORE_FIELD)     \
  X(ERROR_IN_CERT_NOT_AFTER_FIELD)      \
  X(ERROR_IN_CRL_LAST_UPDATE_FIELD)     \
  X(ERROR_IN_CRL_NEXT_UPDATE_FIELD)     \
  X(OUT_OF_MEM)                         \
  X(DEPTH_ZERO_SELF_SIGNED_CERT)        \
  X(SELF_SIGNED_CERT_IN_CHAIN)          \
  X(UNABLE_TO_GET_ISSUER_CERT_LOCALLY)  \
  X(UNABLE_TO_VERIFY_LEAF_SIGNATURE)    \
  X(CERT_CHAIN_TOO_LONG)                \
  X(CERT_REVOKED)                       \
  X(INVALID_CA)                         \
  X(PATH_LENGTH_EXCEEDED)               \
  X(INVALID_PURPOSE)                    \
  X(CERT_UNTRUSTED)                     \
  X(CERT_REJECTED)                      \
  X(HOSTNAME_MISMATCH)

const char* VerifyErrorName(long error) {
#define RXJS_LIBEVENT_CASE(name) \
  case X509_V_ERR_##name:        \
    return #name;
  switch (error) {
    RXJS_LIBEVENT_VERIFY_ERRORS(RXJS_LIBEVENT_CASE)
    default:
      return "UNSPECIFIED";
  }
#undef RXJS_LIBEVENT_CASE
}

void AddText(TlsReport* report, const char* name, const char* text) {
  if (text != nullptr && *text != '\0') report->push_back({name, text});
}

void AddVerifyError(TlsReport* report, long error) {
  AddText(report, "verifyCode", VerifyErrorName(error));
  AddText(report, "verifyReason", openssl.X509_verify_cert_error_string(error));
}

// The peer's certificates, its own first. A server's chain does not hold the client's own.
void AddCertificates(TlsReport* report, SSL* ssl) {
  X509* own = openssl.SSL_get1_peer_certificate(ssl);
  if (own == nullptr) return;
  const std::string first = DerOf(own, openssl.i2d_X509);
  openssl.X509_free(own);
  report->push_back({"certificate", first, TlsField::Kind::kBytes});
  const auto* chain = reinterpret_cast<const OPENSSL_STACK*>(openssl.SSL_get_peer_cert_chain(ssl));
  const int count = chain == nullptr ? 0 : openssl.OPENSSL_sk_num(chain);
  for (int index = 0; index < count; ++index) {
    auto* next = static_cast<X509*>(openssl.OPENSSL_sk_value(chain, index));
    std::string der = DerOf(next, openssl.i2d_X509);
    if (der != first) report->push_back({"certificate", std::move(der), TlsField::Kind::kBytes});
  }
}

}  // namespace

TlsReport SecuredReport(SSL* ssl) {
  TlsReport report;
  const SSL_CIPHER* cipher = openssl.SSL_get_current_cipher(ssl);
  AddText(&report, "protocol", openssl.SSL_get_version(ssl));
  AddText(&report, "cipherName", openssl.SSL_CIPHER_get_name(cipher));
  AddText(&report, "cipherStandardName", openssl.SSL_CIPHER_standard_name(cipher));
  AddText(&report, "cipherVersion", openssl.SSL_CIPHER_get_version(cipher));
  AddText(&report, "servername", openssl.SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  const unsigned char* alpn = nullptr;
  unsigned int bytes = 0;
  openssl.SSL_get0_alpn_selected(ssl, &alpn, &bytes);
  if (bytes > 0) {
    report.push_back({"alpnProtocol", std::string(reinterpret_cast<const char*>(alpn), bytes)});
  }
  if (openssl.SSL_session_reused(ssl) == 1) report.push_back({"resumed", ""});
  const long verified = openssl.SSL_get_verify_result(ssl);
  if (verified != X509_V_OK) AddVerifyError(&report, verified);
  AddCertificates(&report, ssl);
  return report;
}

TlsReport NameReport(SSL* ssl) {
  TlsReport report;
  AddText(&report, "servername", openssl.SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  return report;
}

TlsReport FailureReport(SSL* ssl, TlsFailure failure, const char* reason, int error) {
  TlsReport report;
  AddText(&report, "reason", reason);
  if (error != 0) report.push_back({"errno", std::to_string(error)});
  if (failure == kTlsCertificate) {
    AddVerifyError(&report, openssl.SSL_get_verify_result(ssl));
    AddCertificates(&report, ssl);
  }
  return report;
}

}  // namespace rxjs_libevent
