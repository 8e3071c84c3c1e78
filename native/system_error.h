// Errors that the binding throws, in the shape of Node's system errors.
#pragma once

#include <napi.h>

#include <cstring>
#include <string>

namespace rxjs_libevent {

inline Napi::Error SystemError(Napi::Env env, int error, const char* syscall) {
  Napi::Error thrown = Napi::Error::New(env, std::string(syscall) + ": " + strerror(error));
  thrown.Set("errno", Napi::Number::New(env, -error));
  thrown.Set("syscall", Napi::String::New(env, syscall));
  return thrown;
}

}  // namespace rxjs_libevent
