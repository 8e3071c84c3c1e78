// Addresses of JavaScript's buffers that the reactor may touch: in-slabs and large writes.
//
// Threads: JavaScript's writes an entry before it submits a record that names it, and clears it
// after the completion that gives it back; the reactor reads it in between. The references that
// keep the buffers alive are the binding's (reactor_binding.cc).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace rxjs_libevent {

class Pins {
 public:
  static constexpr uint32_t kCount = 1u << 18;

  // calloc() leaves pages that are never used to the kernel.
  Pins() : entries_(static_cast<Entry*>(calloc(kCount, sizeof(Entry)))) {}
  ~Pins() { free(entries_); }
  Pins(const Pins&) = delete;
  Pins& operator=(const Pins&) = delete;

  bool valid() const { return entries_ != nullptr; }

  void Set(uint32_t pin, uint8_t* data, size_t bytes) {
    entries_[pin].bytes.store(bytes, std::memory_order_relaxed);
    entries_[pin].data.store(data, std::memory_order_release);
  }
  void Clear(uint32_t pin) { entries_[pin].data.store(nullptr, std::memory_order_release); }

  // Where `offset` is, or null if the pin does not hold that many bytes from there on.
  uint8_t* Get(uint32_t pin, uint32_t offset, uint32_t bytes) const {
    if (pin >= kCount) return nullptr;
    const Entry& entry = entries_[pin];
    uint8_t* data = entry.data.load(std::memory_order_acquire);
    const size_t size = entry.bytes.load(std::memory_order_relaxed);
    if (data == nullptr || offset > size || bytes > size - offset) return nullptr;
    return data + offset;
  }

 private:
  struct Entry {
    std::atomic<uint8_t*> data;
    std::atomic<size_t> bytes;
  };
  Entry* entries_;
};

}  // namespace rxjs_libevent
