// Reads an options object in plain Node-API, where a call may fail: then good() is false.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <string>
#include <vector>

namespace rxjs_libevent {

// The memory of an Int32Array or a Uint8Array.
inline bool BytesOf(napi_env env, napi_value view, void** data, size_t* bytes) {
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  if (napi_get_typedarray_info(env, view, &type, &length, data, nullptr, nullptr) != napi_ok) {
    return false;
  }
  *bytes = type == napi_int32_array ? length * sizeof(int32_t) : length;
  return type == napi_int32_array || type == napi_uint8_array;
}

// Reads the properties of an options object: lib/native.ts states their types, and a mistake there
// must not become a write to foreign memory.
class OptionsReader {
 public:
  OptionsReader(napi_env env, napi_value options) : env_(env), options_(options) {}

  bool good() const { return good_; }

  napi_value Get(const char* name) {
    napi_value value = nullptr;
    if (good_ && napi_get_named_property(env_, options_, name, &value) == napi_ok) return value;
    good_ = false;
    return nullptr;
  }

  int Number(const char* name) {
    int32_t number = 0;
    napi_value value = Get(name);
    if (good_ && napi_get_value_int32(env_, value, &number) != napi_ok) good_ = false;
    return number;
  }

  bool Boolean(const char* name) {
    bool on = false;
    napi_value value = Get(name);
    if (good_ && napi_get_value_bool(env_, value, &on) != napi_ok) good_ = false;
    return on;
  }

  napi_value Function(const char* name) {
    napi_value value = Get(name);
    napi_valuetype type = napi_undefined;
    if (good_ && (napi_typeof(env_, value, &type) != napi_ok || type != napi_function)) {
      good_ = false;
    }
    return value;
  }

  std::vector<std::string> Strings(const char* name) {
    std::vector<std::string> strings;
    napi_value list = Get(name);
    uint32_t length = 0;
    if (good_ && napi_get_array_length(env_, list, &length) != napi_ok) good_ = false;
    for (uint32_t index = 0; good_ && index < length; ++index) {
      napi_value item = nullptr;
      char text[64];
      size_t bytes = 0;
      good_ = napi_get_element(env_, list, index, &item) == napi_ok &&
              napi_get_value_string_utf8(env_, item, text, sizeof(text), &bytes) == napi_ok;
      if (good_) strings.emplace_back(text, bytes);
    }
    return strings;
  }

  // The memory of a typed array, with how many T it holds; `reference` keeps it.
  template <typename T>
  T* Words(const char* name, uint32_t* count, std::vector<napi_ref>* references) {
    napi_value view = Get(name);
    void* data = nullptr;
    size_t bytes = 0;
    napi_ref reference = nullptr;
    if (good_ && (!BytesOf(env_, view, &data, &bytes) ||
                  napi_create_reference(env_, view, 1, &reference) != napi_ok)) {
      good_ = false;
    }
    if (!good_) return nullptr;
    references->push_back(reference);
    *count = static_cast<uint32_t>(bytes / sizeof(T));
    return static_cast<T*>(data);
  }

 private:
  const napi_env env_;
  const napi_value options_;
  bool good_ = true;
};

}  // namespace rxjs_libevent
