// One event_base, and who turns it: a thread of its own, or JavaScript's, or one of the two at a
// time.
#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "backend.h"
#include "common_timeouts.h"
#include "death_watch.h"
#include "event_handler.h"
#include "lent_memory.h"
#include "libevent.h"
#include "read_arena.h"
#include "ring.h"
#include "tls_exchange.h"
#include "transit.h"

namespace rxjs_libevent {

class RateLimitGroup;
class Standby;

class Reactor {
 public:
  // JavaScript's memory, kept by the binding for as long as the thread lives.
  struct Memory {
    int32_t* control;
    Record* completions;
    uint32_t completion_capacity;
    const Record* submissions;
    uint32_t submission_capacity;
    int32_t* sent;  // for each slot: bytes that have been sent, low 32 bits of the total
    uint8_t* arena;
  };

  struct Options {
    int priorities = 1;
    bool dispatch = true;
    Turner turner = Turner::kThread;
    int standby_tick_us = 0;  // with kEither
  };

  // JavaScript's thread. `signal` is called on the one that turns and must only notify.
  Reactor(const Memory& memory, const Options& options, EventBasePtr base, Transit& transit,
          TlsExchange& tls, std::function<void()> signal);
  ~Reactor();

  // JavaScript's thread: takes all that it needs of the system, then starts the thread if it is to
  // have one. Both return 0 or an errno.
  [[nodiscard]] int Prepare();
  [[nodiscard]] int Start();
  // Any thread.
  void Wake();
  void RequestStop();
  // JavaScript's thread; the reactor must have been asked to stop.
  void Join();

  // Who turns it: kThread, where it should be either and nothing but a thread can wait for it.
  Turner turner() const { return turner_; }

  // JavaScript's thread, where it turns the base. None of them blocks.
  // The descriptor that is readable when a turn has something to do, while it dispatches.
  int backend_fd() const { return backend_.fd(); }
  enum class Turned { kNot, kIdle, kNews };
  // Takes what has been submitted, now. Where the standby has the base it is woken instead, and
  // kNot returned.
  Turned TakeHere();
  // The same with a pass of the loop. Returns kNews if JavaScript has something new to look at,
  // which is not signalled then.
  [[nodiscard]] Turned TurnHere();
  // As the last turn or take here has left it.
  bool dispatches() const { return left_ == State::kDispatching; }
  bool stops() const { return left_ == State::kStopping; }
  // Frees everything, the base too. Nobody may wait for backend_fd() any more.
  void StopHere();
  // See standby.h.
  Standby* standby() { return standby_.get(); }

  // The standby's thread.
  // Turns the base until it is claimed back, or its loop is left. kNot: JavaScript is turning it;
  // kPaused: there is no loop to turn.
  enum class Stood { kNot, kPaused, kTurned };
  [[nodiscard]] Stood TurnStandingBy();
  uint32_t turns_of_javascript() const {
    return static_cast<uint32_t>(
        Atomic(shared_.control + kStats + kJavaScriptTurns).load(std::memory_order_relaxed));
  }
  // Makes JavaScript look, wherever it waits.
  void CallJavaScript() { signal_(); }

  // JavaScript's thread, before a submission names the piece or after it came back.
  LentMemory& memory() { return lent_; }

  // The rest is for handlers, on the reactor's thread.
  event_base* base() { return base_.get(); }
  CompletionRing& completions() { return completions_; }
  ReadArena& arena() { return arena_; }
  DeathWatch& death_watch() { return death_watch_; }
  Transit& transit() { return transit_; }
  TlsExchange& tls() { return tls_; }
  // Of whichever session encrypts now; empty in between.
  std::string& ciphertext() { return ciphertext_; }
  CommonTimeouts& common_timeouts() { return common_timeouts_; }

  [[nodiscard]] int Add(event* event, const timeval* timeout);
  // While libevent has timeouts that were not added by Add().
  void CountHiddenTimeouts(int change) { hidden_timeouts_ += change; }
  void Count(Stat stat, int32_t count = 1);
  // At the start of each callback: after many of them the pass ends, whatever is active still.
  void CountCallback();
  // Ends the pass behind this callback: others come first, before more like it.
  void EndPass() { event_base_loopbreak(base_.get()); }
  // Publishes `total` as the position up to which the output of `id` has been sent.
  void SetSent(int32_t id, uint32_t total);
  // True while data may be posted.
  bool HasRoom() { return completions_.HasRoom() && arena_.Reserve().bytes > 0; }
  // True while `handler` may post data. If not, its event comes back when there is room; when that
  // takes long, `rest` is called to take the event away, and Resume() once there is room again.
  bool MayPost(EventHandler* handler, void (*rest)(EventHandler*));
  // Calls Resume() once there is room again.
  void Stall(EventHandler* handler);
  // Calls Settle() when the next submissions have been taken, if the handler is still there. What
  // is closed as soon as it is opened, and what has credit again as soon as it is used up, costs no
  // system call for its events.
  void SettleLater(EventHandler* handler) { unsettled_.push_back(handler->id()); }
  // Whether an event that stays active keeps others from running.
  bool has_priorities() const { return options_.priorities > 1; }
  // Deletes the handler after this turn; posts kClosed.
  void Retire(EventHandler* handler);
  // Posts kFailed, then as Retire().
  void Fail(EventHandler* handler, Failure failure);
  // Returns null where the slot is taken, or is no handler's.
  EventHandler* Install(std::unique_ptr<EventHandler> handler);
  // Puts another handler in the place of the one with its id, which is deleted after this turn.
  void Replace(std::unique_ptr<EventHandler> handler);

  RateLimitGroup* FindGroup(int32_t id) const;
  void AddGroup(int32_t id, RateLimitGroup* group) { groups_[id] = group; }
  void RemoveGroup(int32_t id) { groups_.erase(id); }

  Payload PayloadOf(const Record& record) const;
  // Gives the memory of a payload back, if that takes a completion.
  void Release(const Payload& payload);

 private:
  using Clock = std::chrono::steady_clock;
  // kPaused: the loop has been left, or not begun; submissions are taken all the same.
  enum class State { kPaused, kDispatching, kStopping, kStopped };
  // kNews: what JavaScript's own turn has for it is not signalled.
  enum class TurnOf { kElsewhere, kHere, kNews };
  // Whose everything below is. Where two threads may turn the base, each takes it for its turns.
  enum class Owner { kNobody, kJavaScript, kStandby };

  void Run();
  void Turn();
  void CatchUp();
  void Pass(bool block);
  template <typename Call>
  void Survive(Call call);
  void FinishHere();
  void AwaitJavaScript();
  bool Own(Owner owner);
  void Disown() { owner_.store(Owner::kNobody, std::memory_order_release); }
  void DisownHere();
  void LookUpTimeout();
  bool HasMoreToDo();
  bool HasEdges() const { return (event_base_get_features(base_.get()) & EV_FEATURE_ET) != 0; }
  bool FailClosed();
  bool PrepareToBlock();
  // What a turn without room for input may do.
  enum class Room { kComes, kPoll, kMayBlock };
  Room WaitForRoom();
  bool HasAmpleRoom() { return completions_.HasAmpleRoom() && arena_.Reserve().bytes > 0; }
  void ClearWake();
  void WaitWithoutDispatch();
  void WaitUntilPublished();
  void TakeSubmissions();
  void RefuseSubmissions();
  void Take(const Record& record);
  void TakeOwn(const Record& record);
  void Open(const Record& record);
  void Settle();
  EventHandler* Find(int32_t id) const;
  void ResumeStalled();
  void DeleteRetired();
  void Publish();
  void Signal();
  void DestroyHandlers();
  void Stop();
  void NoteLoopEnd(bool posted);
  void EndLoop(LoopEnd end);
  void Abandon(int code);

  static void* OnThread(void* self);
  static void OnWake(evutil_socket_t fd, short what, void* self);

  const Memory shared_;
  const Options options_;
  Turner turner_;
  Transit& transit_;
  TlsExchange& tls_;
  std::string ciphertext_;
  const std::function<void()> signal_;
  std::atomic<bool> stop_requested_{false};
  std::atomic<Owner> owner_{Owner::kNobody};
  int wake_fd_ = -1;
  CompletionRing completions_;
  SubmissionRing submissions_;
  LentMemory lent_;
  ReadArena arena_;
  // From here in reverse order of destruction: handlers, the wake event, the base.
  EventBasePtr base_;
  CommonTimeouts common_timeouts_;
  EventPtr wake_event_;
  Backend backend_;
  DeathWatch death_watch_;
  std::unordered_map<int32_t, RateLimitGroup*> groups_;
  std::vector<std::unique_ptr<EventHandler>> handlers_;  // by slot
  std::vector<std::unique_ptr<EventHandler>> replaced_;
  std::vector<int32_t> stalled_;
  std::vector<int32_t> retired_;
  std::vector<int32_t> unsettled_;
  std::vector<int32_t> passing_;  // the list that is being worked through
  bool starved_ = false;          // input waits for room
  bool started_ = false;
  bool woken_here_ = false;  // for one more turn
  TurnOf turn_ = TurnOf::kElsewhere;
  State state_;
  State left_;  // JavaScript's copy: the state may be looked at by the owner alone
  Clock::time_point starved_since_;
  int loop_flags_ = 0;
  int32_t loop_run_ = 0;
  int hidden_timeouts_ = 0;
  int callbacks_ = 0;         // in this pass
  uint32_t pass_start_ = 0;   // bytes that the arena had been filled with before it
  int failed_passes_ = 0;     // one after the other
  uint32_t taken_bytes_ = 0;  // of writes, in this turn
  uint32_t posted_ = 0;       // the ring's tail when it was last published
  pthread_t thread_ = {};
  std::unique_ptr<Standby> standby_;
};

}  // namespace rxjs_libevent
