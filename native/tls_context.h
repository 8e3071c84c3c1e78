// What JavaScript has of an SSL_CTX.
#pragma once

#include <napi.h>

namespace rxjs_libevent {

// The functions of TLS that the addon exports.
void ExportTls(Napi::Env env, Napi::Object exports);

}  // namespace rxjs_libevent
