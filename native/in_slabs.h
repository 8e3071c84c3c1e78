// The memory that received bytes land in: slabs that JavaScript has lent, filled from front to
// back, one after another. A slab is never written twice, so views on it stay true.
//
// Thread: the reactor's alone. The slabs belong to JavaScript, which holds them until kReleased.
#pragma once

#include <cstdint>
#include <deque>

#include "ring.h"

namespace rxjs_libevent {

class InSlabs {
 public:
  struct Space {
    uint8_t* data;
    uint32_t bytes;
  };

  // Less than this at the end of a slab is left unused.
  static constexpr uint32_t kLeastBytes = 2048;

  explicit InSlabs(CompletionRing& completions) : completions_(completions) {}

  void Lend(uint32_t pin, uint8_t* data, uint32_t bytes) {
    slabs_.push_back({pin, data, bytes, 0});
  }

  // Free space in the current slab; none when JavaScript has yet to lend.
  Space Reserve() {
    while (!slabs_.empty() && slabs_.front().bytes - slabs_.front().used < kLeastBytes) {
      completions_.Post(Completion::kReleased, slabs_.front().pin, 0, 0, 0);
      slabs_.pop_front();
    }
    if (slabs_.empty()) return {nullptr, 0};
    const Slab& slab = slabs_.front();
    return {slab.data + slab.used, slab.bytes - slab.used};
  }

  // Posts what has been written at the place that Reserve() gave.
  void Commit(int32_t id, uint32_t bytes) {
    Slab& slab = slabs_.front();
    completions_.Post(Completion::kData, slab.pin, id, static_cast<int32_t>(slab.used),
                      static_cast<int32_t>(bytes));
    // The next chunk starts at a multiple of eight, so that typed arrays fit on it.
    slab.used += (bytes + 7) & ~7u;
    if (slab.used > slab.bytes) slab.used = slab.bytes;
  }

 private:
  struct Slab {
    uint32_t pin;
    uint8_t* data;
    uint32_t bytes;
    uint32_t used;
  };

  CompletionRing& completions_;
  std::deque<Slab> slabs_;
};

}  // namespace rxjs_libevent
