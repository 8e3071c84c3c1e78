// The shared memory between one reactor and JavaScript: two rings of fixed records, a table of
// output positions, the memory that bytes cross in, and a few control words. JavaScript allocates
// all of it and the binding keeps it. What is listed here is exported to TypeScript by layout.cc,
// by name, so no number is written twice.
//
// Threads: each ring has one producer and one consumer. The reactor produces completions and
// consumes submissions, JavaScript the other way round.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace rxjs_libevent {

// word 0: kind in the low 8 bits, a small argument in the upper 24.
// word 1: id of an event handler (slot in the low 20 bits, generation above).
// words 2 and 3: arguments.
constexpr uint32_t kKindBits = 8;
struct Record {
  int32_t words[4];

  int32_t kind() const { return words[0] & ((1 << kKindBits) - 1); }
  uint32_t aux() const { return static_cast<uint32_t>(words[0]) >> kKindBits; }
  int32_t id() const { return words[1]; }
  int32_t a() const { return words[2]; }
  int32_t b() const { return words[3]; }
};
static_assert(sizeof(Record) == 16, "a record is four 32-bit words");

constexpr uint32_t kSlotBits = 20;
constexpr uint32_t kSlots = 1u << kSlotBits;
constexpr uint32_t SlotOf(int32_t id) { return static_cast<uint32_t>(id) & (kSlots - 1); }

// JavaScript to reactor. A "payload" is `b` bytes at offset `a` of a piece of lent memory; `aux` is
// the piece, see lent_memory.h. A "number" is 64 bits in a (low) and b (high).
#define RXJS_LIBEVENT_SUBMISSIONS(X)                                                     \
  X(Stop)           /* free everything, post kStopped, end the thread */                 \
  X(Adopt)          /* a: fd on its way, b: bytes of credit */                           \
  X(Connect)        /* payload: ConnectRequest */                                        \
  X(Listen)         /* payload: ListenRequest */                                         \
  X(Read)           /* a: 1 to read, 0 to stop */                                        \
  X(Credit)         /* a: bytes (connections, events) more that may be posted */         \
  X(ReadHigh)       /* a: bytes of credit in all */                                      \
  X(Write)          /* payload: bytes for the wire */                                    \
  X(Notify)         /* a: post kSent when that position has been sent (low 32 bits) */   \
  X(Drain)          /* a: post kDrained when no more output than that waits */           \
  X(Shutdown)       /* flush, then FIN */                                                \
  X(Close)          /* a: CloseMode, b: deadline in milliseconds */                      \
  X(Timeouts)       /* a, b: read and write timeout in milliseconds, 0 for none */       \
  X(Discard)        /* a: fd on its way that nobody takes */                             \
  X(RateLimit)      /* payload: RateLimitRequest */                                      \
  X(RateLimitGroup) /* a: id of a group handler, 0 to leave the group */                 \
  X(Group)          /* payload: RateLimitRequest; opens a rate-limit group */            \
  X(Totals)         /* asks a rate-limit group for two kTotal */                         \
  X(Priority)       /* a: priority */                                                    \
  X(Option)         /* aux: SocketOption, a: its value; setsockopt() */                  \
  X(Pair)           /* a: id of the other end, b: bytes of credit */                     \
  X(SendFile)       /* payload: SendFileRequest */                                       \
  X(Trigger)        /* a: EventFlags; bufferevent_trigger() */                           \
  X(Tls)            /* payload: TlsRequest; what follows is encrypted */                 \
  X(TlsInput)       /* payload: what was received before kTls and is ciphertext */       \
  X(TlsContext)     /* a: context to go on with, 0 for the same, -1 for none: refused */ \
  X(Timer)          /* number: when it is due, see TimerFlag (aux); opens a timer */     \
  X(Signal)         /* a: signal number, aux: priority; opens a signal event */          \
  X(Fd)             /* a: fd on its way, or -1, b: EventFlags, aux: priority */          \
  X(Activate)       /* a: EventFlags; event_active() */                                  \
  X(Interval)       /* number: microseconds; a timer's period, an fd event's timeout */  \
  X(LoopExit)       /* number: microseconds; event_base_loopexit() */                    \
  X(LoopBreak)      /* a: LoopEnd; event_base_loopbreak() */                             \
  X(Loop)           /* a: EVLOOP_* flags, b: number of the run; dispatch, or step */

// Reactor to JavaScript.
#define RXJS_LIBEVENT_COMPLETIONS(X)                                                          \
  X(Data)          /* a: offset in the read arena, b: bytes */                                \
  X(End)           /* a: errno, 0 for EOF. Nothing is read after it */                        \
  X(Sent)          /* the position of kNotify has been reached */                             \
  X(Drained)       /* output has fallen to the mark of kDrain */                              \
  X(Finished)      /* the FIN has been sent */                                                \
  X(WriteFailed)   /* a: errno, b: FailedCall */                                              \
  X(Hangup)        /* the peer has gone while bytes of it wait unread. a: errno, 0 for FIN */ \
  X(Closed)        /* the handler is gone: the last record with this id */                    \
  X(Accepted)      /* a: fd, b: remote port << 16 | local port, aux: family; two addresses */ \
  X(Bound)         /* a: fd, b: port, aux: family; one address record */                      \
  X(Connected)     /* a: fd, b: local port, aux: family; one address record */                \
  X(Failed)        /* a: errno, b: FailedCall */                                              \
  X(Timeout)       /* a: EventFlags (read or write) */                                        \
  X(TlsSecured)    /* the handshake is done. a: report, see tls_exchange.h */                 \
  X(TlsName)       /* the handshake waits for kTlsContext. a: report */                       \
  X(TlsBegun)      /* what was received before is for kTlsInput */                            \
  X(TlsNews)       /* a session that can be resumed, or lines for a key log. a: report */     \
  X(TlsFailed)     /* why. a: report, b: TlsFailure. What was secured ends, too */            \
  X(OptionFailed)  /* a: errno. The option of kOption has not been set */                     \
  X(Released)      /* aux: piece of lent memory that the reactor has done with */             \
  X(AcceptPaused)  /* a: errno. Accepting stops and is tried again */                         \
  X(AcceptResumed) /* */                                                                      \
  X(Fired)         /* a: EventFlags, or deliveries; a timer's stand in the table */           \
  X(Stopped)       /* the last record of a reactor */                                         \
  X(Fatal)         /* libevent has given up: the reactor is dead. a: its code */              \
  X(Looped)        /* a: LoopEnd, b: number of the run */                                     \
  X(Total)         /* a, b: bytes (64 bits) a group has read (aux 0) or written (aux 1) */

#define RXJS_LIBEVENT_CLOSE_MODES(X) \
  X(Drop)   /* now */                \
  X(Reset)  /* now, with RST */      \
  X(Linger) /* flush, FIN, wait for the peer's end */

#define RXJS_LIBEVENT_TLS_FAILURES(X)                                            \
  X(TlsHandshake)   /* an alert, or what is no handshake */                      \
  X(TlsCertificate) /* the peer's cannot be verified */                          \
  X(TlsEnded)       /* the peer has closed within the handshake */               \
  X(TlsTimedOut)    /* the handshake has taken too long */                       \
  X(TlsPlaintext)   /* bytes had been received that belong to no handshake */    \
  X(TlsContextGone) /* the context has been taken back, or there is no memory */ \
  X(TlsSystem)      /* of the socket: errno */                                   \
  X(TlsRecord)      /* once it was secured: an alert, or what is no record */    \
  X(TlsTruncated)   /* the end has come without close_notify */                  \
  X(TlsFlood)       /* answers to the peer's control records wait, and it does not read them */

#define RXJS_LIBEVENT_SOCKET_OPTIONS(X)                                  \
  X(KeepAliveOption) /* seconds of silence before a probe, 0 for none */ \
  X(NoDelayOption)   /* 1 to send small packets at once, 0 to wait for an answer */

#define RXJS_LIBEVENT_LOOP_ENDS(X) X(Stepped) X(Exited) X(Broken) X(Empty)

// The names are those of the calls, as errors show them.
#define RXJS_LIBEVENT_FAILED_CALLS(X)                 \
  X(Socket, "socket")                                 \
  X(Bind, "bind")                                     \
  X(Listen, "listen")                                 \
  X(Connect, "connect")                               \
  X(Accept, "accept")                                 \
  X(Address, "inet_pton")                             \
  X(Option, "setsockopt")                             \
  X(Allocate, "allocate")                             \
  X(Event, "event_add")                               \
  X(SendFile, "sendfile")                             \
  X(Sigaction, "sigaction")                           \
  X(Fcntl, "fcntl")                                   \
  X(Write, "write")                                   \
  X(Shutdown, "shutdown")                             \
  X(Watch, "epoll_ctl")                               \
  X(JoinGroup, "bufferevent_add_to_rate_limit_group") \
  X(LimitRate, "bufferevent_set_rate_limit")

// What stands in `aux` of the submissions that open an event: flags in the low 8 bits, above them
// the priority + 1, or 0 for libevent's default.
#define RXJS_LIBEVENT_TIMER_FLAGS(X)     \
  X(Periodic, 1) /* kInterval follows */ \
  X(Common, 2)   /* the number is a duration that many timers share, no point in time */

// Which thread turns a base.
#define RXJS_LIBEVENT_TURNERS(X)         \
  X(Thread)     /* one of its own */     \
  X(JavaScript) /* that of JavaScript */ \
  X(Either)     /* JavaScript's while it keeps up, otherwise a standby */

#define RXJS_LIBEVENT_STATS(X)                                              \
  X(Passes)     /* turns of the loop */                                     \
  X(Sleeps)     /* turns that blocked */                                    \
  X(Signals)    /* uv_async_send */                                         \
  X(Receives)   /* recv calls */                                            \
  X(Sends)      /* send calls */                                            \
  X(References) /* writes that wait where JavaScript has put them */        \
  X(Copies)     /* writes that were copied because they wait */             \
  X(Posted)     /* completion records */                                    \
  X(Taken)      /* submission records */                                    \
  X(Stalls)     /* times that reading stopped for lack of room or memory */ \
  X(Accepts)    /* accepted connections */                                  \
  X(ReceivedBytes)                                                          \
  X(SentBytes)                                                              \
  X(JavaScriptTurns) /* turns of the base by JavaScript's thread */         \
  X(StandbyTurns)    /* by the standby thread, see standby.h */             \
  X(TakeOvers)       /* times that the standby thread has taken the base */ \
  X(HandBacks)       /* times that it has given it back */

#define RXJS_LIBEVENT_ENUMERATOR(name) k##name,
enum class Submission : int32_t { kNone, RXJS_LIBEVENT_SUBMISSIONS(RXJS_LIBEVENT_ENUMERATOR) };
enum class Completion : int32_t { kNone, RXJS_LIBEVENT_COMPLETIONS(RXJS_LIBEVENT_ENUMERATOR) };
enum CloseMode : int32_t { RXJS_LIBEVENT_CLOSE_MODES(RXJS_LIBEVENT_ENUMERATOR) };
enum TlsFailure : int32_t { RXJS_LIBEVENT_TLS_FAILURES(RXJS_LIBEVENT_ENUMERATOR) };
enum SocketOption : uint32_t { RXJS_LIBEVENT_SOCKET_OPTIONS(RXJS_LIBEVENT_ENUMERATOR) };
enum LoopEnd : int32_t { RXJS_LIBEVENT_LOOP_ENDS(RXJS_LIBEVENT_ENUMERATOR) };
enum class Turner : int32_t { RXJS_LIBEVENT_TURNERS(RXJS_LIBEVENT_ENUMERATOR) };
enum Stat : int32_t { RXJS_LIBEVENT_STATS(RXJS_LIBEVENT_ENUMERATOR) kStatCount };
#undef RXJS_LIBEVENT_ENUMERATOR

#define RXJS_LIBEVENT_ENUMERATOR(name, text) k##name##Call,
enum FailedCall : int32_t { RXJS_LIBEVENT_FAILED_CALLS(RXJS_LIBEVENT_ENUMERATOR) };
#undef RXJS_LIBEVENT_ENUMERATOR

#define RXJS_LIBEVENT_ENUMERATOR(name, value) k##name = (value),
enum TimerFlag : uint32_t { RXJS_LIBEVENT_TIMER_FLAGS(RXJS_LIBEVENT_ENUMERATOR) };
#undef RXJS_LIBEVENT_ENUMERATOR

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
constexpr uint32_t kLongestCompletion = 4;

// Stands beside the family in `aux` where an address is link-local: one more record follows, the
// name of the interface, ended by NUL unless it fills the record.
constexpr uint32_t kZoned = 8;

inline int PriorityOf(const Record& record) { return static_cast<int>(record.aux() >> 8) - 1; }

constexpr int64_t Number64(int32_t low, int32_t high) {
  return static_cast<int64_t>(static_cast<uint64_t>(static_cast<uint32_t>(high)) << 32 |
                              static_cast<uint32_t>(low));
}
inline int64_t NumberOf(const Record& record) { return Number64(record.a(), record.b()); }

// The read arena: blocks that received bytes cross in, see read_arena.h.
constexpr uint32_t kArenaBlocks = 32;
constexpr uint32_t kArenaBlockBytes = 1u << 17;

// Control words: int32 indices. Those that different threads write stand on cache lines of their
// own.
#define RXJS_LIBEVENT_CONTROL_WORDS(X)                                                          \
  X(CompletionTail, 0)                                                                          \
  X(CompletionHead, 16)                                                                         \
  X(SubmissionTail, 32)                                                                         \
  X(JsWantsRoom, 33) /* JavaScript has submissions that found no room: signal it */             \
  X(SubmissionHead, 48)                                                                         \
  X(ReactorSleeps, 64)    /* the reactor blocks, or is about to: wake it */                     \
  X(ReactorWantsRoom, 65) /* the reactor has stopped reading for lack of room or memory */      \
  X(JsSleeps, 80)         /* JavaScript has drained all: signal it */                           \
  X(Stats, 96)            /* the reactor's counters: Stat */                                    \
  X(Borrowed, 160)        /* for each block of the arena: writes from it that were submitted */ \
  X(ControlWords, 192)

#define RXJS_LIBEVENT_ENUMERATOR(name, index) k##name = (index),
enum ControlWord : int32_t { RXJS_LIBEVENT_CONTROL_WORDS(RXJS_LIBEVENT_ENUMERATOR) };
#undef RXJS_LIBEVENT_ENUMERATOR
static_assert(kStats + kStatCount <= kBorrowed && kBorrowed + kArenaBlocks <= kControlWords,
              "control words do not overlap");

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
    PostGroup({1, {Make(kind, aux, id, a, b)}});
  }

  // A header with its address records.
  void Post(Completion kind, uint32_t aux, int32_t id, int32_t a, int32_t b, const Record* extra) {
    const uint32_t zone = (aux & kZoned) != 0 ? 1 : 0;
    Group group{CompletionLength(kind) + zone, {Make(kind, aux, id, a, b)}};
    for (uint32_t i = 1; i < group.length; ++i) group.records[i] = extra[i - 1];
    PostGroup(group);
  }

  // A ring of less could not hold its reserve, and would never let data in.
  static constexpr uint32_t kLeastCapacity = 128;

  // True while a data record may be posted: a reserve stays for control records.
  bool HasRoom() { return waiting_.empty() && HasFree(kReserve + 1); }

  // After a lack of room: enough of it to make going on worth while.
  bool HasAmpleRoom() { return waiting_.empty() && HasFree(capacity_ / 4); }

  // Moves what waits into the ring, as far as there is room, and shows all of it to JavaScript.
  // Returns true if JavaScript has something new to look at.
  bool Publish() {
    while (CanMoveOn()) {
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
  bool CanPublish() { return tail_ != published_ || CanMoveOn(); }

  // Records that have been written since the start.
  uint32_t tail() const { return tail_; }

  // Where the next record will stand, counted from the first one ever.
  uint64_t Position() const { return posted_; }
  // True when JavaScript has handled everything in front of a position.
  bool Passed(uint64_t position) {
    if (head_ < position) LookUpHead();
    return head_ >= position;
  }

 private:
  struct Group {
    uint32_t length;
    Record records[kLongestCompletion];
  };

  static constexpr uint32_t kReserve = 64;

  static Record Make(Completion kind, uint32_t aux, int32_t id, int32_t a, int32_t b) {
    return Record{{static_cast<int32_t>(static_cast<uint32_t>(kind) | aux << kKindBits), id, a, b}};
  }

  void PostGroup(const Group& group) {
    posted_ += group.length;
    if (waiting_.empty() && HasFree(group.length)) {
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

  bool CanMoveOn() { return !waiting_.empty() && HasFree(waiting_.front().length); }

  // Looks afresh only when the last known head leaves fewer free records than are wanted.
  bool HasFree(uint32_t wanted) {
    if (Free() < wanted) LookUpHead();
    return Free() >= wanted;
  }
  uint32_t Free() const { return capacity_ - (tail_ - static_cast<uint32_t>(head_)); }

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

  // The next record, or null. It stays readable until Free().
  const Record* Next() {
    if (head_ == tail_) tail_ = static_cast<uint32_t>(Atomic(control_ + kSubmissionTail).load());
    if (head_ == tail_) return nullptr;
    return &records_[head_++ & (capacity_ - 1)];
  }

  // Gives the places of all taken records back. Returns true if JavaScript waits for them.
  bool Free() {
    if (head_ == freed_) return false;
    freed_ = head_;
    Atomic(control_ + kSubmissionHead).store(static_cast<int32_t>(head_));
    std::atomic<int32_t>& wants_room = Atomic(control_ + kJsWantsRoom);
    return wants_room.load() != 0 && wants_room.exchange(0) != 0;
  }

 private:
  int32_t* control_;
  const Record* records_;
  const uint32_t capacity_;
  uint32_t head_ = 0;
  uint32_t tail_ = 0;
  uint32_t freed_ = 0;
};

}  // namespace rxjs_libevent
