// Errors that the binding throws, in the shape of Node's system errors.
#pragma once

#include <node_api.h>

#include <cstring>
#include <string>

namespace rxjs_libevent {

// Where JavaScript cannot run any more nothing is thrown, and nobody would catch it. Returns null,
// for `return ThrowSystemError(…)` in what JavaScript calls.
inline napi_value ThrowSystemError(napi_env env, int error, const std::string& syscall) {
  const std::string text = syscall + ": " + strerror(error);
  napi_value message = nullptr;
  napi_value thrown = nullptr;
  napi_value number = nullptr;
  napi_value call = nullptr;
  const bool made =
      napi_create_string_utf8(env, text.data(), text.size(), &message) == napi_ok &&
      napi_create_error(env, nullptr, message, &thrown) == napi_ok &&
      napi_create_int32(env, -error, &number) == napi_ok &&
      napi_create_string_utf8(env, syscall.data(), syscall.size(), &call) == napi_ok &&
      napi_set_named_property(env, thrown, "errno", number) == napi_ok &&
      napi_set_named_property(env, thrown, "syscall", call) == napi_ok;
  if (made) (void)napi_throw(env, thrown);
  return nullptr;
}

}  // namespace rxjs_libevent
