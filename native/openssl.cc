// Thread: JavaScript's. Lifetime: the process.
#include "openssl.h"

#include <dlfcn.h>

#include <cstdint>

namespace rxjs_libevent {
namespace {

OpenSsl found = {};

// Returns the name of a function that the process does not export, or null.
const char* LookUp() {
#define RXJS_LIBEVENT_LOOK_UP(name)                                                \
  found.name = reinterpret_cast<decltype(found.name)>(dlsym(RTLD_DEFAULT, #name)); \
  if (found.name == nullptr) return #name;
  RXJS_LIBEVENT_OPENSSL_FUNCTIONS(RXJS_LIBEVENT_LOOK_UP)
#undef RXJS_LIBEVENT_LOOK_UP
  return nullptr;
}

// v8::External::Value(), whose newer form takes a tag. Node-API cannot read an external that it has
// not made: its own have a wrapper.
using Value = void* (*)(const void* external);
using TaggedValue = void* (*)(const void* external, uint16_t tag);
void* const kValue = dlsym(RTLD_DEFAULT, "_ZNK2v88External5ValueEv");
void* const kTaggedValue = dlsym(RTLD_DEFAULT, "_ZNK2v88External5ValueEt");

}  // namespace

const OpenSsl& openssl = found;

std::string LoadOpenSsl(const std::string& version) {
  // Once, since reactors of another environment may use what has been found.
  static const char* const missing = LookUp();
  if (missing != nullptr) {
    return std::string("this runtime exports no ") + missing + " of OpenSSL 3";
  }
  if (kValue == nullptr && kTaggedValue == nullptr) {
    return "this runtime exports no v8::External::Value";
  }
  // As "3.0.13+quic": its digits are those of the library that answers, or it is another one.
  const std::string own = found.OpenSSL_version(OPENSSL_VERSION_STRING);
  if (own.empty() || version.compare(0, own.size(), own) != 0) {
    return "the OpenSSL of the process is " + own + ", that of Node " + version;
  }
  return {};
}

SSL_CTX* SslCtxOf(void* external) {
  void* ctx = kValue != nullptr ? reinterpret_cast<Value>(kValue)(external)
                                : reinterpret_cast<TaggedValue>(kTaggedValue)(external, 0);
  return static_cast<SSL_CTX*>(ctx);
}

}  // namespace rxjs_libevent
