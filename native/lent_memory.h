// The memory that JavaScript lends to a reactor, by index. It is private to the library: users'
// buffers are copied into it before `next` returns. Piece 0 is the read arena, which a relay writes
// from in place. Pieces that many payloads share are read when their record is taken, so the
// submission ring's head frees them. A piece of its own, for a large payload, is marked with
// kReleaseBit and may wait in an output; kReleased gives it back.
//
// Threads: JavaScript's writes an entry before it submits a record that names it, and clears it
// after it came back; the reactor reads it in between. The references that keep the memory are the
// binding's.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ring.h"

namespace rxjs_libevent {

class LentMemory {
 public:
  static constexpr uint32_t kCount = 1u << 20;
  static constexpr uint32_t kReleaseBit = 1u << 23;

  explicit LentMemory(CompletionRing& completions)
      : completions_(completions),
        // calloc() leaves pages that are never used to the kernel.
        entries_(static_cast<Entry*>(calloc(kCount, sizeof(Entry)))) {}
  ~LentMemory() { free(entries_); }
  LentMemory(const LentMemory&) = delete;
  LentMemory& operator=(const LentMemory&) = delete;

  bool valid() const { return entries_ != nullptr; }

  void Set(uint32_t index, uint8_t* data, size_t bytes) {
    Entry& entry = entries_[index];
    entry.bytes.store(bytes, std::memory_order_relaxed);
    entry.data.store(data, std::memory_order_release);
  }
  void Clear(uint32_t index) { entries_[index].data.store(nullptr, std::memory_order_release); }

  // Where `offset` is, or null if the piece does not hold that many bytes from there on.
  uint8_t* Get(uint32_t index, uint32_t offset, uint32_t bytes) const {
    if (index >= kCount) return nullptr;
    const Entry& entry = entries_[index];
    uint8_t* data = entry.data.load(std::memory_order_acquire);
    const size_t size = entry.bytes.load(std::memory_order_relaxed);
    if (data == nullptr || offset > size || bytes > size - offset) return nullptr;
    return data + offset;
  }

  // For evbuffer_add_reference(): the cleanup function, and its argument for a piece.
  static void OnReleased(const void*, size_t, void* argument) {
    auto* entry = static_cast<Entry*>(argument);
    entry->memory->Release(static_cast<uint32_t>(entry - entry->memory->entries_));
  }
  void* ReleaseArgument(uint32_t index) {
    entries_[index].memory = this;
    return &entries_[index];
  }

  void Release(uint32_t index) { completions_.Post(Completion::kReleased, index, 0, 0, 0); }

 private:
  struct Entry {
    std::atomic<uint8_t*> data;
    std::atomic<size_t> bytes;
    LentMemory* memory;  // the reactor's alone
  };
  CompletionRing& completions_;
  Entry* const entries_;
};

// Bytes of a submission; null data when the record names none that can be.
struct Payload {
  uint8_t* data = nullptr;
  uint32_t bytes = 0;
  uint32_t piece = 0;     // of lent memory
  bool released = false;  // whether kReleased has to give the piece back
};

}  // namespace rxjs_libevent
