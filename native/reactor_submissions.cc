// What JavaScript submits to a Reactor, and the table that it is submitted to.
//
// Thread: the reactor's. Owner and lifetime: as in reactor.cc.
#include <unistd.h>

#include "new_handler.h"
#include "rate_limit_group.h"
#include "reactor.h"
#include "requests.h"

namespace rxjs_libevent {
namespace {

// What one turn takes: beyond it others wait, and they get a pass of the loop first.
constexpr int kRecordsPerTurn = 4096;
constexpr uint32_t kBytesPerTurn = 1u << 20;

bool HasPayload(Submission kind) {
  switch (kind) {
    case Submission::kConnect:
    case Submission::kListen:
    case Submission::kWrite:
    case Submission::kRateLimit:
    case Submission::kGroup:
    case Submission::kSendFile:
    case Submission::kTls:
    case Submission::kTlsInput:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Reactor::TakeSubmissions() {
  taken_bytes_ = 0;
  int taken = 0;
  while (taken < kRecordsPerTurn && taken_bytes_ < kBytesPerTurn) {
    const Record* record = submissions_.Next();
    if (record == nullptr) break;
    Take(*record);
    ++taken;
  }
  if (taken == 0) return;
  Count(kTaken, taken);
  if (submissions_.Free()) Signal();
}

void Reactor::Take(const Record& record) {
  const auto kind = static_cast<Submission>(record.kind());
  EventHandler* handler = Find(record.id());
  // What has failed to open has nothing that a submission could reach.
  if (handler != nullptr && handler->retired_) handler = nullptr;
  if (kind == Submission::kWrite) {
    taken_bytes_ += static_cast<uint32_t>(record.b());
    // A handler gives the memory back itself, when the bytes have been sent.
    if (handler == nullptr) {
      Release(PayloadOf(record));
    } else {
      handler->Take(record);
    }
    if (record.aux() == 0) arena_.GiveBack(static_cast<uint32_t>(record.a()));
    return;
  }
  if (record.id() == 0) {
    TakeOwn(record);
  } else if (handler != nullptr) {
    handler->Take(record);
  } else if (kind == Submission::kSendFile) {
    SendFileRequest request;
    if (ReadRequest(PayloadOf(record), &request)) transit_.Discard(request.fd);
  } else {
    Open(record);
  }
  if (HasPayload(kind)) Release(PayloadOf(record));
}

void Reactor::TakeOwn(const Record& record) {
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kStop:
      state_ = State::kStopping;
      break;
    case Submission::kDiscard:
      transit_.Discard(record.a());
      break;
    case Submission::kLoopExit: {
      const timeval delay = Microseconds(NumberOf(record));
      const int error = Try<event_base_loopexit>(base_.get(), &delay);
      if (turner_ != Turner::kThread) backend_.Note(delay);
      // Without its timer the loop would never be left.
      if (error != 0 && state_ == State::kDispatching) EndLoop(LoopEnd::kExited);
      break;
    }
    case Submission::kLoopBreak:
      // Between two turns nothing is active, and event_base_loop() would forget the break.
      if (state_ == State::kDispatching) EndLoop(static_cast<LoopEnd>(record.a()));
      break;
    case Submission::kLoop:
      if (state_ == State::kStopping) break;
      loop_flags_ = record.a();
      loop_run_ = record.b();
      state_ = State::kDispatching;
      break;
    default:
      break;
  }
}

void Reactor::Open(const Record& record) {
  EventHandler* handler = Install(NewHandler(*this, record));
  if (handler == nullptr) {
    const auto kind = static_cast<Submission>(record.kind());
    if (kind == Submission::kAdopt || kind == Submission::kFd) transit_.Discard(record.a());
    return;
  }
  const Failure failure = handler->Open(record);
  if (failure) Fail(handler, failure);
}

// What comes too late: of that, only descriptors on their way hold something. Writes are still
// taken while their handlers are there, so that a socket knows whether it has sent all.
void Reactor::RefuseSubmissions() {
  while (const Record* record = submissions_.Next()) {
    switch (static_cast<Submission>(record->kind())) {
      case Submission::kAdopt:
      case Submission::kFd:
      case Submission::kDiscard:
        transit_.Discard(record->a());
        break;
      case Submission::kWrite:
      case Submission::kSendFile:
        Take(*record);
        break;
      default:
        break;
    }
  }
  if (submissions_.Free()) Signal();
}

Payload Reactor::PayloadOf(const Record& record) const {
  Payload payload;
  payload.piece = record.aux() & ~LentMemory::kReleaseBit;
  payload.released = (record.aux() & LentMemory::kReleaseBit) != 0;
  payload.bytes = static_cast<uint32_t>(record.b());
  payload.data = lent_.Get(payload.piece, static_cast<uint32_t>(record.a()), payload.bytes);
  return payload;
}

void Reactor::Release(const Payload& payload) {
  if (payload.released) lent_.Release(payload.piece);
}

EventHandler* Reactor::Install(std::unique_ptr<EventHandler> handler) {
  if (!handler) return nullptr;
  const uint32_t slot = SlotOf(handler->id());
  if (slot >= handlers_.size()) handlers_.resize(slot + 1);
  // JavaScript reuses a slot when it has had kClosed. Id 0 is the reactor itself.
  if (slot == 0 || handlers_[slot] != nullptr) return nullptr;
  handlers_[slot] = std::move(handler);
  return handlers_[slot].get();
}

void Reactor::Replace(std::unique_ptr<EventHandler> handler) {
  std::unique_ptr<EventHandler>& place = handlers_[SlotOf(handler->id())];
  handler->stalled_ = place->stalled_;
  replaced_.push_back(std::move(place));
  place = std::move(handler);
}

EventHandler* Reactor::Find(int32_t id) const {
  const uint32_t slot = SlotOf(id);
  if (slot >= handlers_.size()) return nullptr;
  EventHandler* handler = handlers_[slot].get();
  return handler != nullptr && handler->id() == id ? handler : nullptr;
}

RateLimitGroup* Reactor::FindGroup(int32_t id) const {
  const auto found = groups_.find(id);
  return found != groups_.end() && found->second->takes_members() ? found->second : nullptr;
}

void Reactor::Stall(EventHandler* handler) {
  if (handler->stalled_) return;
  handler->stalled_ = true;
  stalled_.push_back(handler->id());
}

void Reactor::ResumeStalled() {
  if (stalled_.empty() || !HasAmpleRoom()) return;
  starved_ = false;
  passing_.swap(stalled_);
  for (const int32_t id : passing_) {
    EventHandler* handler = Find(id);
    if (handler == nullptr) continue;
    handler->stalled_ = false;
    handler->Resume();
  }
  passing_.clear();
}

void Reactor::Settle() {
  passing_.swap(unsettled_);
  for (const int32_t id : passing_) {
    EventHandler* handler = Find(id);
    if (handler != nullptr && !handler->retired_) handler->Settle();
  }
  passing_.clear();
}

void Reactor::Fail(EventHandler* handler, Failure failure) {
  if (handler->retired_) return;
  completions_.Post(Completion::kFailed, 0, handler->id(), failure.error, failure.call);
  Retire(handler);
}

void Reactor::Retire(EventHandler* handler) {
  if (handler->retired_) return;
  handler->retired_ = true;
  retired_.push_back(handler->id());
}

void Reactor::DeleteRetired() {
  replaced_.clear();
  // One may retire another: a rate-limit group goes with its last member.
  for (size_t index = 0; index < retired_.size(); ++index) {
    const int32_t id = retired_[index];
    handlers_[SlotOf(id)].reset();
    completions_.Post(Completion::kClosed, 0, id, 0, 0);
  }
  retired_.clear();
}

void Reactor::DestroyHandlers() {
  replaced_.clear();
  stalled_.clear();
  // Rate-limit groups go last: their members leave them while they are freed.
  for (auto& handler : handlers_) {
    if (handler != nullptr && groups_.count(handler->id()) == 0) handler.reset();
  }
  for (auto& handler : handlers_) handler.reset();
  retired_.clear();
}

}  // namespace rxjs_libevent
