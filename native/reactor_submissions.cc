// What JavaScript submits to a Reactor, and the table that it is submitted to.
//
// Thread: the reactor's. Owner and lifetime: as in reactor.cc.
#include <unistd.h>

#include "open_handler.h"
#include "reactor.h"

namespace rxjs_libevent {

void Reactor::TakeSubmissions() {
  const uint32_t taken = submissions_.Drain([this](const Record& record) { Take(record); });
  if (taken > 0) Count(kTaken, static_cast<int32_t>(taken));
  for (int32_t id : unsettled_) {
    EventHandler* handler = Find(id);
    if (handler != nullptr && !handler->retired_) handler->Settle();
  }
  unsettled_.clear();
}

Reactor::Payload Reactor::PayloadOf(const Record& record) {
  const uint32_t offset = static_cast<uint32_t>(record.a());
  const uint32_t bytes = static_cast<uint32_t>(record.b());
  if (record.aux() != 0) {
    uint8_t* data = pins_.Get(record.aux() - 1, offset, bytes);
    return {data, data == nullptr ? 0 : bytes, record.aux()};
  }
  if (offset > memory_.out_slab_bytes || bytes > memory_.out_slab_bytes - offset) {
    return {nullptr, 0, 0};
  }
  return {memory_.out_slab + offset, bytes, 0};
}

namespace {

bool HasPayload(Submission kind) {
  switch (kind) {
    case Submission::kConnect:
    case Submission::kListen:
    case Submission::kWrite:
    case Submission::kRateLimit:
    case Submission::kGroup:
    case Submission::kSendFile:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Reactor::Take(const Record& record) {
  const auto kind = static_cast<Submission>(record.kind());
  EventHandler* handler = Find(record.id());
  if (handler != nullptr) {
    handler->Take(record);
  } else {
    switch (kind) {
      case Submission::kLend: {
        const auto bytes = static_cast<uint32_t>(record.a());
        uint8_t* data = pins_.Get(record.aux(), 0, bytes);
        if (data != nullptr) slabs_.Lend(record.aux(), data, bytes);
        break;
      }
      case Submission::kStop:
        stopping_ = true;
        break;
      case Submission::kCloseFd:
        if (transit_.Leave(record.a())) close(record.a());
        break;
      case Submission::kLoopExit: {
        const timeval delay = Microseconds(NumberOf(record));
        event_base_loopexit(base_.get(), &delay);
        break;
      }
      case Submission::kLoopBreak:
        // Between two turns nothing is active, and event_base_loop() would forget the break.
        if (dispatching_) EndLoop(static_cast<LoopEnd>(record.a()));
        break;
      case Submission::kLoop:
        loop_flags_ = record.a();
        loop_run_ = record.b();
        dispatching_ = true;
        break;
      default:
        Install(OpenHandler(*this, record));
        break;
    }
  }
  if (!HasPayload(kind)) return;
  if (record.aux() == 0) {
    Atomic(memory_.control + kOutTail)
        .store(static_cast<int32_t>(static_cast<uint32_t>(record.a()) +
                                    static_cast<uint32_t>(record.b())),
               std::memory_order_release);
  } else if (kind != Submission::kWrite || handler == nullptr) {
    // A write by reference is released when its bytes have left, by the bufferevent.
    completions_.Post(Completion::kReleased, record.aux() - 1, 0, 0, 0);
  }
}

void Reactor::Install(std::unique_ptr<EventHandler> handler) {
  if (!handler) return;
  const uint32_t slot = SlotOf(handler->id());
  if (slot >= handlers_.size()) handlers_.resize(slot + 1);
  // JavaScript reuses a slot when it has had kClosed. Id 0 is the reactor itself.
  if (slot == 0 || handlers_[slot] != nullptr) return;
  handlers_[slot] = std::move(handler);
}

EventHandler* Reactor::Find(int32_t id) const {
  const uint32_t slot = SlotOf(id);
  if (slot >= handlers_.size()) return nullptr;
  EventHandler* handler = handlers_[slot].get();
  return handler != nullptr && handler->id() == id ? handler : nullptr;
}

}  // namespace rxjs_libevent
