// An SSL_CTX: Node has made it of the options, with its own parsing of keys and certificates and
// its own root store; the addon sets what must not call back into Node, where it would look for its
// own socket in the SSL's data.
//
// Thread: JavaScript's. Owner: the environment's TlsExchange, until the JavaScript object has been
// collected; each SSL has a reference of its own.
#include "tls_context.h"

#include <cerrno>

#include "environment.h"
#include "openssl.h"
#include "system_error.h"
#include "tls_exchange.h"
#include "tls_session.h"

namespace rxjs_libevent {
namespace {

// Four records at once; the buffer is there only while there are bytes in it.
constexpr size_t kReadBytes = 65536;

std::shared_ptr<TlsExchange> ExchangeOf(napi_env env) {
  void* environment = nullptr;
  if (napi_get_instance_data(env, &environment) != napi_ok || environment == nullptr) return {};
  return static_cast<Environment*>(environment)->tls;
}

// Returns false if OpenSSL refuses the keys.
bool Prepare(SSL_CTX* ctx, bool logs_keys, void* ticket_keys, size_t bytes) {
  TlsSession::SetCallbacks(ctx, logs_keys);
  // Node's callback would read its SecureContext, which may go while sockets of ours live.
  openssl.SSL_CTX_callback_ctrl(ctx, SSL_CTRL_SET_TLSEXT_TICKET_KEY_CB, nullptr);
  (void)openssl.SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, nullptr);
  openssl.SSL_CTX_sess_set_get_cb(ctx, nullptr);
  openssl.SSL_CTX_ctrl(ctx, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, nullptr);
  openssl.SSL_CTX_ctrl(ctx, SSL_CTRL_SET_READ_AHEAD, 1, nullptr);
  openssl.SSL_CTX_set_default_read_buffer_len(ctx, kReadBytes);
  return bytes == 0 || openssl.SSL_CTX_ctrl(ctx, SSL_CTRL_SET_TLSEXT_TICKET_KEYS,
                                            static_cast<long>(bytes), ticket_keys) == 1;
}

// whyNoTls(version): undefined where TLS works, or why it does not.
Napi::Value WhyNoTls(const Napi::CallbackInfo& info) {
  const std::string version = info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : "";
  const std::string reason = LoadOpenSsl(version);
  return reason.empty() ? info.Env().Undefined() : Napi::String::New(info.Env(), reason);
}

napi_value Latin1(napi_env env, const std::string& text) {
  napi_value value = nullptr;
  (void)napi_create_string_latin1(env, text.data(), text.size(), &value);
  return value;
}

struct Taken {
  std::shared_ptr<TlsExchange> exchange;
  int32_t id;
};

// newTlsContext(external, ticketKeys, owner, logsKeys): an id for submissions, which lives as long
// as the object `owner`. whyNoTls() must have found nothing.
Napi::Value NewTlsContext(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<TlsExchange> exchange = ExchangeOf(env);
  if (exchange == nullptr || !info[0].IsExternal() || !info[1].IsBuffer() || !info[2].IsObject()) {
    ThrowSystemError(env, EINVAL, "newTlsContext");
    return Napi::Value();
  }
  SSL_CTX* const ctx = SslCtxOf(static_cast<napi_value>(info[0]));
  auto keys = info[1].As<Napi::Buffer<uint8_t>>();
  const bool logs_keys = info[3].IsBoolean() && info[3].As<Napi::Boolean>();
  if (ctx == nullptr || !Prepare(ctx, logs_keys, keys.Data(), keys.Length())) {
    ThrowSystemError(env, EINVAL, "newTlsContext");
    return Napi::Value();
  }
  openssl.SSL_CTX_up_ref(ctx);
  auto* taken = new Taken{exchange, exchange->AddContext(SslCtxPtr(ctx))};
  const int32_t id = taken->id;
  const auto finalize = [](napi_env, void* data, void*) {
    auto* taken = static_cast<Taken*>(data);
    taken->exchange->RemoveContext(taken->id);
    delete taken;
  };
  if (napi_wrap(env, info[2], taken, finalize, nullptr, nullptr) != napi_ok) {
    finalize(env, taken, nullptr);
    return Napi::Value();
  }
  return Napi::Number::New(env, id);
}

// takeTlsReport(id): names and their values, by turns.
Napi::Value TakeTlsReport(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<TlsExchange> exchange = ExchangeOf(env);
  Napi::Array list = Napi::Array::New(env);
  int32_t id = 0;
  if (exchange == nullptr || napi_get_value_int32(env, info[0], &id) != napi_ok) return list;
  uint32_t count = 0;
  for (const TlsField& field : exchange->TakeReport(id)) {
    list.Set(count++, Napi::String::New(env, field.name));
    // A Buffer costs as much as ten strings, and most fields are texts.
    if (field.kind == TlsField::Kind::kText) {
      list.Set(count++, Latin1(env, field.value));
    } else {
      list.Set(count++, Napi::Buffer<char>::Copy(env, field.value.data(), field.value.size()));
    }
  }
  return list;
}

}  // namespace

void ExportTls(Napi::Env env, Napi::Object exports) {
  exports.Set("whyNoTls", Napi::Function::New<WhyNoTls>(env, "whyNoTls"));
  exports.Set("newTlsContext", Napi::Function::New<NewTlsContext>(env, "newTlsContext"));
  exports.Set("takeTlsReport", Napi::Function::New<TakeTlsReport>(env, "takeTlsReport"));
}

}  // namespace rxjs_libevent
