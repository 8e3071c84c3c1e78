// Addresses of JavaScript's buffers that the reactor may touch: in-slabs and large writes.
//
// Threads: JavaScript's writes an entry before it submits a record that names it, and clears it
// after the completion that gives it back; the reactor reads it in between. The references that
// keep the buffers alive are the binding's (binding.cc).
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace rxjs_libevent {

class Pins {
 public:
  static constexpr uint32_t kCount = 1u << 18;

  // calloc() leaves pages that are never used to the kernel.
  Pins() : data_(static_cast<Entry*>(calloc(kCount, sizeof(Entry)))) {}
  ~Pins() { free(data_); }
  Pins(const Pins&) = delete;
  Pins& operator=(const Pins&) = delete;

  bool valid() const { return data_ != nullptr; }
  void Set(uint32_t pin, uint8_t* data) { data_[pin].store(data, std::memory_order_release); }
  uint8_t* Get(uint32_t pin) const { return data_[pin].load(std::memory_order_acquire); }

 private:
  using Entry = std::atomic<uint8_t*>;
  Entry* data_;
};

}  // namespace rxjs_libevent
