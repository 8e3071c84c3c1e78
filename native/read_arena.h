// The memory that received bytes cross in: a ring of blocks, each filled from front to back. A
// block is filled anew when JavaScript has handled all that was posted of it, which the head of the
// completion ring says, and when every write that reads it in place has been taken: JavaScript
// counts those that it submits, the reactor those that it has done with, and only equality is asked
// for, so it does not matter how far the counts have gone. Nobody but the library ever sees this
// memory: subscribers get copies.
//
// Thread: the reactor's alone. Owner of the memory: JavaScript, see reactor_binding.cc.
#pragma once

#include <cstdint>

#include "ring.h"

namespace rxjs_libevent {

class ReadArena {
 public:
  struct Space {
    uint8_t* data;
    uint32_t bytes;
  };

  // Less than this at the end of a block is left unused.
  static constexpr uint32_t kLeastBytes = 2048;
  // So is less than this while the next block is free: a read that is cut short is two, and what
  // comes of it is, too.
  static constexpr uint32_t kAmpleBytes = 1u << 16;

  ReadArena(uint8_t* memory, int32_t* control, CompletionRing& completions)
      : memory_(memory), borrowed_(control + kBorrowed), completions_(completions) {}

  // Free space in the current block; none while JavaScript has yet to handle the next one.
  Space Reserve() {
    const uint32_t left = kArenaBlockBytes - used_;
    if (left < kAmpleBytes) {
      const uint32_t next = (block_ + 1) % kArenaBlocks;
      if (IsFree(next)) {
        block_ = next;
        used_ = 0;
      } else if (left < kLeastBytes) {
        return {nullptr, 0};
      }
    }
    return {memory_ + block_ * kArenaBlockBytes + used_, kArenaBlockBytes - used_};
  }

  // At the start of a turn: a block that JavaScript is done with is filled from its front again,
  // while the processor's cache still holds it.
  void Rewind() {
    if (used_ > 0 && IsFree(block_)) used_ = 0;
  }

  // Bytes that have been posted since the start, modulo 2^32.
  uint32_t filled() const { return filled_; }

  // Posts what has been written at the place that Reserve() gave.
  void Commit(int32_t id, uint32_t bytes) {
    completions_.Post(Completion::kData, 0, id,
                      static_cast<int32_t>(block_ * kArenaBlockBytes + used_),
                      static_cast<int32_t>(bytes));
    last_[block_] = completions_.Position();
    filled_ += bytes;
    // The next chunk begins at a multiple of eight, so that copying it is fast.
    used_ = (used_ + bytes + 7) & ~7u;
    if (used_ > kArenaBlockBytes) used_ = kArenaBlockBytes;
  }

  // A write in place has been taken: its bytes have been sent, or copied.
  void GiveBack(uint32_t offset) {
    if (offset < kArenaBlocks * kArenaBlockBytes) ++returned_[offset / kArenaBlockBytes];
  }

 private:
  // JavaScript counts a write before it gives the completion back, so the second look sees every
  // write that came of the first.
  bool IsFree(uint32_t block) {
    return completions_.Passed(last_[block]) &&
           static_cast<uint32_t>(Atomic(borrowed_ + block).load()) == returned_[block];
  }

  uint8_t* const memory_;
  int32_t* const borrowed_;
  CompletionRing& completions_;
  uint32_t block_ = 0;
  uint32_t used_ = 0;
  uint32_t filled_ = 0;
  uint64_t last_[kArenaBlocks] = {};      // position behind the last record of each block
  uint32_t returned_[kArenaBlocks] = {};  // writes in place that have been taken
};

}  // namespace rxjs_libevent
