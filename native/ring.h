// The shared memory between one reactor thread and the JavaScript thread: two rings of fixed
// records, a table of output positions and a few control words, all in ArrayBuffers that
// JavaScript allocates and the binding pins. The layout is defined here only; layout.cc exports
// it, lib/rings reads it from there.
//
// Threads: each ring has one producer and one consumer. The reactor produces completions and
// consumes submissions, the JavaScript thread the other way round.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace rxjs_libevent {

// word 0: kind in the low 8 bits, a pin index or another small argument in the upper 24.
// word 1: id of an event handler (slot in the low 20 bits, generation above).
// words 2 and 3: arguments.
struct Record {
  int32_t words[4];

  int32_t kind() const { return words[0] & 0xff; }
  uint32_t aux() const { return static_cast<uint32_t>(words[0]) >> 8; }
  int32_t id() const { return words[1]; }
  int32_t a() const { return words[2]; }
  int32_t b() const { return words[3]; }
};
static_assert(sizeof(Record) == 16, "a record is four 32-bit words");

constexpr uint32_t kSlotBits = 20;
constexpr uint32_t kSlots = 1u << kSlotBits;
constexpr uint32_t SlotOf(int32_t id) { return static_cast<uint32_t>(id) & (kSlots - 1); }

// JavaScript to reactor. A "payload" is bytes in the out-slab (aux 0) or in a pinned buffer (aux is
// the pin + 1), at offset a, b bytes long. A "number" is 64 bits in a (low) and b (high).
enum class Submission : int32_t {
  kLend = 1,             // aux: pin of an in-slab, a: its bytes
  kStop = 2,             // free everything, post kStopped, end the thread
  kAdopt = 3,            // a: fd, b: bytes of credit
  kConnect = 4,          // payload: ConnectRequest
  kListen = 5,           // payload: ListenRequest
  kRead = 6,             // a: 1 to read, 0 to stop
  kCredit = 7,           // a: so many more bytes (connections, events) may be posted
  kReadHigh = 8,         // a: bytes of credit in all
  kWrite = 9,            // payload: bytes for the wire
  kNotify = 10,          // a: post kLeft when so many bytes (low 32 bits of the total) have left
  kShutdown = 11,        // flush, then FIN
  kClose = 12,           // a: CloseMode, b: deadline in milliseconds
  kTimeouts = 13,        // a, b: read and write timeout in milliseconds, 0 for none
  kCloseFd = 14,         // a: an accepted fd that nobody takes
  kRateLimit = 15,       // payload: RateLimitRequest
  kRateLimitGroup = 16,  // a: id of a group handler, 0 to leave the group
  kGroup = 17,           // payload: RateLimitRequest; opens a rate-limit group
  kPriority = 18,        // a: priority
  kPair = 19,            // a: id of the other end, b: bytes of credit
  kSendFile = 20,        // payload: SendFileRequest
  kTimer = 21,           // number: when it is due, see TimerFlag (aux); opens a timer
  kSignal = 22,          // a: signal number, aux: priority; opens a signal event
  kFd = 23,              // a: fd, b: EventFlags, aux: priority; opens an fd event
  kActivate = 24,        // a: EventFlags; event_active()
  kLoopExit = 25,        // number: microseconds; event_base_loopexit()
  kLoopBreak = 26,       // a: LoopEnd; event_base_loopbreak()
  kLoop = 27,            // a: EVLOOP_* flags, b: number of the run; dispatch again, or step
  kTrigger = 28,         // a: EventFlags; bufferevent_trigger()
  kTotals = 29,          // asks a rate-limit group for two kTotal
  kInterval = 30,        // number: microseconds; a timer's period, an fd event's timeout
};

// Reactor to JavaScript.
enum class Completion : int32_t {
  kData = 1,           // aux: pin of the in-slab, a: offset, b: bytes
  kEnd = 2,            // a: errno, 0 for EOF. Nothing is read after it
  kLeft = 3,           // the position of kNotify has been reached
  kFinished = 4,       // the FIN has been sent
  kWriteFailed = 5,    // a: errno
  kHangup = 6,         // the peer has gone while bytes of it wait unread. a: errno, 0 for FIN
  kClosed = 7,         // the handler is gone: the last record with this id
  kAccepted = 8,       // a: fd, b: remote port << 16 | local port, aux: family; two address records
  kBound = 9,          // a: fd, b: port, aux: family; one address record
  kConnected = 10,     // a: fd, b: local port, aux: family; one address record
  kFailed = 11,        // a: errno, b: FailedCall
  kTimeout = 12,       // a: EventFlags (read or write)
  kReleased = 13,      // aux: pin that the reactor has done with
  kAcceptPaused = 14,  // a: errno. Accepting stops and is tried again
  kAcceptResumed = 15,  //
  kFired = 16,          // a: EventFlags or expirations, b: more (see the handler)
  kStopped = 17,        // the last record of a reactor
  kFatal = 18,          // libevent has given up: the reactor is dead. a: its code
  kLooped = 19,         // a: LoopEnd, b: number of the run
  kTotal = 20,          // a, b: bytes (64 bits) that a group has read (aux 0) or written (aux 1)
};

// How many records a completion takes: its header and its addresses.
constexpr uint32_t CompletionLength(Completion kind) {
  switch (kind) {
    case Completion::kAccepted:
      return 3;
    case Completion::kBound:
    case Completion::kConnected:
      return 2;
    default:
      return 1;
  }
}
constexpr uint32_t kLongestCompletion = 3;

enum CloseMode : int32_t { kDrop = 0, kReset = 1, kLinger = 2 };

enum LoopEnd : int32_t { kStepped = 0, kExited = 1, kBroken = 2, kEmpty = 3 };

// What stands in `aux` of the submissions that open an event: flags in the low 8 bits, above them
// the priority + 1, or 0 for libevent's default.
enum TimerFlag : uint32_t {
  kPeriodic = 1,  // kInterval follows
  kCommon = 2,    // the number is a duration that many timers share, not a point in time
};
inline int PriorityOf(const Record& record) { return static_cast<int>(record.aux() >> 8) - 1; }

// 64 bits in a (low) and b (high).
inline int64_t NumberOf(const Record& record) {
  return static_cast<int64_t>(static_cast<uint64_t>(static_cast<uint32_t>(record.b())) << 32 |
                              static_cast<uint32_t>(record.a()));
}

enum FailedCall : int32_t {
  kSocketCall = 0,
  kBindCall = 1,
  kListenCall = 2,
  kConnectCall = 3,
  kAcceptCall = 4,
  kAddressCall = 5,
  kOptionCall = 6,
  kAllocateCall = 7,
  kEventCall = 8,
  kSendFileCall = 9,
  kSigactionCall = 10,
  kFcntlCall = 11,
};

// Control words: int32 indices. Those that different threads write stand on cache lines of their
// own.
enum ControlWord : int32_t {
  kCompletionTail = 0,
  kCompletionHead = 16,
  kSubmissionTail = 32,
  kSubmissionHead = 48,
  kOutTail = 52,           // out-slab offset up to which the reactor has consumed payloads
  kReactorSleeps = 64,     // the reactor blocks, or is about to: wake it
  kReactorWantsRoom = 65,  // the reactor has stopped reading for lack of room or slabs
  kJsSleeps = 80,          // JavaScript has drained all: signal it
  kStats = 96,             // the reactor's counters: Stat
  kControlWords = 160,
};

// Counters of the reactor, each a wrapping 32-bit count.
enum Stat : int32_t {
  kPasses = 0,      // turns of the loop
  kSleeps = 1,      // turns that blocked
  kSignals = 2,     // uv_async_send
  kReceives = 3,    // recv calls
  kSends = 4,       // send calls
  kReferences = 5,  // writes that went by reference
  kCopies = 6,      // writes that were copied into an evbuffer
  kPosted = 7,      // completion records
  kTaken = 8,       // submission records
  kStalls = 9,      // times that reading stopped for lack of room or slabs
  kAccepts = 10,    // accepted connections
  kReceivedBytes = 11,
  kSentBytes = 12,
  kStatCount = 13,
};

inline std::atomic<int32_t>& Atomic(int32_t* word) {
  static_assert(sizeof(std::atomic<int32_t>) == sizeof(int32_t), "atomics are plain words");
  return *reinterpret_cast<std::atomic<int32_t>*>(word);
}

// Producer side of the completion ring. Control completions never wait: what finds no room stands
// in a queue in front of the ring, and data is not read before that queue is empty.
class CompletionRing {
 public:
  CompletionRing(int32_t* control, Record* records, uint32_t capacity)
      : control_(control), records_(records), capacity_(capacity) {}

  void Post(Completion kind, uint32_t aux, int32_t id, int32_t a, int32_t b) {
    Group group{1, {Make(kind, aux, id, a, b)}};
    PostGroup(group);
  }

  // A header with its address records.
  void Post(Completion kind, uint32_t aux, int32_t id, int32_t a, int32_t b, const Record* extra) {
    Group group{CompletionLength(kind), {Make(kind, aux, id, a, b)}};
    for (uint32_t i = 1; i < group.length; ++i) group.records[i] = extra[i - 1];
    PostGroup(group);
  }

  // A ring of less could not hold its reserve, and would never let data in.
  static constexpr uint32_t kLeastCapacity = 128;

  // True while a data record may be posted: a reserve stays for control records.
  bool HasRoom() {
    if (!waiting_.empty()) return false;
    return Free(kReserve + 1) > kReserve;
  }

  // After a lack of room: enough of it to make going on worth while.
  bool HasAmpleRoom() {
    if (!waiting_.empty()) return false;
    return Free(capacity_ / 4) >= capacity_ / 4;
  }

  // Moves what waits into the ring, as far as there is room, and shows all of it to JavaScript.
  // Returns true if JavaScript has something new to look at.
  bool Publish() {
    while (!waiting_.empty() && Free(waiting_.front().length) >= waiting_.front().length) {
      Write(waiting_.front());
      waiting_.pop_front();
    }
    if (tail_ == published_) return false;
    published_ = tail_;
    Atomic(control_ + kCompletionTail).store(static_cast<int32_t>(tail_));
    return true;
  }

  bool HasWaiting() const { return !waiting_.empty(); }

  // True if Publish() would show something.
  bool CanPublish() {
    if (tail_ != published_) return true;
    return !waiting_.empty() && Free(waiting_.front().length) >= waiting_.front().length;
  }

  // Records that have been written since the start.
  uint32_t tail() const { return tail_; }

  // Where the next record will stand, counted from the first one ever.
  uint64_t Position() const { return posted_; }
  // True when JavaScript has handled everything in front of a position.
  bool Passed(uint64_t position) {
    LookUpHead();
    return head_ >= position;
  }

 private:
  struct Group {
    uint32_t length;
    Record records[kLongestCompletion];
  };

  static constexpr uint32_t kReserve = 64;

  static Record Make(Completion kind, uint32_t aux, int32_t id, int32_t a, int32_t b) {
    return Record{{static_cast<int32_t>(static_cast<uint32_t>(kind) | aux << 8), id, a, b}};
  }

  void PostGroup(const Group& group) {
    posted_ += group.length;
    if (waiting_.empty() && Free(group.length) >= group.length) {
      Write(group);
    } else {
      waiting_.push_back(group);
    }
  }

  void Write(const Group& group) {
    for (uint32_t i = 0; i < group.length; ++i) {
      records_[tail_ & (capacity_ - 1)] = group.records[i];
      ++tail_;
    }
  }

  // Free records, looked up afresh only when the last known head leaves fewer than are wanted.
  uint32_t Free(uint32_t wanted) {
    if (capacity_ - (tail_ - static_cast<uint32_t>(head_)) < wanted) LookUpHead();
    return capacity_ - (tail_ - static_cast<uint32_t>(head_));
  }

  // The shared head has 32 bits; it is looked up more often than it wraps.
  void LookUpHead() {
    const uint32_t head = static_cast<uint32_t>(Atomic(control_ + kCompletionHead).load());
    head_ += head - static_cast<uint32_t>(head_);
  }

  int32_t* control_;
  Record* records_;
  const uint32_t capacity_;
  uint32_t tail_ = 0;
  uint32_t published_ = 0;
  uint64_t head_ = 0;
  uint64_t posted_ = 0;
  std::deque<Group> waiting_;
};

// Consumer side of the submission ring.
class SubmissionRing {
 public:
  SubmissionRing(int32_t* control, const Record* records, uint32_t capacity)
      : control_(control), records_(records), capacity_(capacity) {}

  bool Empty() const {
    return static_cast<uint32_t>(Atomic(control_ + kSubmissionTail).load()) == head_;
  }

  // Calls `take` for each record that is visible now, then gives the places back.
  template <typename Take>
  uint32_t Drain(Take take) {
    const uint32_t tail = static_cast<uint32_t>(Atomic(control_ + kSubmissionTail).load());
    const uint32_t count = tail - head_;
    while (head_ != tail) {
      take(records_[head_ & (capacity_ - 1)]);
      ++head_;
    }
    if (count > 0) Atomic(control_ + kSubmissionHead).store(static_cast<int32_t>(head_));
    return count;
  }

 private:
  int32_t* control_;
  const Record* records_;
  const uint32_t capacity_;
  uint32_t head_ = 0;
};

}  // namespace rxjs_libevent
