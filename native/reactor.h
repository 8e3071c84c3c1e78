// One event_base and the thread that dispatches it.
#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "common_timeouts.h"
#include "death_watch.h"
#include "event_handler.h"
#include "in_slabs.h"
#include "libevent.h"
#include "pins.h"
#include "ring.h"
#include "transit.h"

namespace rxjs_libevent {

class Reactor {
 public:
  // JavaScript's memory, pinned by the binding for as long as the thread lives.
  struct Memory {
    int32_t* control;
    Record* completions;
    uint32_t completion_capacity;
    const Record* submissions;
    uint32_t submission_capacity;
    int32_t* left;  // for each slot: bytes that have left, low 32 bits of the total
    uint8_t* out_slab;
    uint32_t out_slab_bytes;
  };

  struct Options {
    int priorities = 1;
    bool dispatch = true;
  };

  // JavaScript's thread. `signal` is called on the reactor's and must only notify.
  Reactor(const Memory& memory, const Options& options, EventBasePtr base, Transit& transit,
          std::function<void()> signal);
  ~Reactor();

  // JavaScript's thread. Return 0 or an errno.
  int Start();
  // Any thread.
  void Wake();
  void RequestStop();
  // JavaScript's thread; the reactor must have been asked to stop.
  void Join();
  // JavaScript's thread, before a submission names the pin or after it came back.
  Pins& pins() { return pins_; }

  // The rest is for handlers, on the reactor's thread.
  event_base* base() { return base_.get(); }
  CompletionRing& completions() { return completions_; }
  InSlabs& slabs() { return slabs_; }
  DeathWatch& death_watch() { return death_watch_; }
  Transit& transit() { return transit_; }
  CommonTimeouts& common_timeouts() { return common_timeouts_; }

  void Count(Stat stat, int32_t count = 1);
  // Publishes `total` as the position up to which the output of `id` has left.
  void SetLeft(int32_t id, uint32_t total);
  // True while data may be posted.
  bool HasRoom() { return completions_.HasRoom() && slabs_.Reserve().bytes > 0; }
  // True while `handler` may post data. If not, its event comes back when there is room; when that
  // takes long, `rest` is called to take the event away, and Resume() once there is room again.
  bool MayPost(EventHandler* handler, void (*rest)(EventHandler*));
  // Calls Resume() once there is room again.
  void Stall(EventHandler* handler);
  // Calls Settle() when the next submissions have been taken, if the handler is still there. What
  // is closed as soon as it is opened, and what has credit again as soon as it is used up, costs no
  // system call for its events.
  void SettleLater(EventHandler* handler) { unsettled_.push_back(handler->id()); }
  // Deletes the handler after this turn; posts kClosed.
  void Retire(EventHandler* handler);
  EventHandler* Find(int32_t id) const;
  void Install(std::unique_ptr<EventHandler> handler);

  // Bytes of a payload; null data when the record names none that can be.
  struct Payload {
    uint8_t* data;
    uint32_t bytes;
    uint32_t pin;  // pin + 1, or 0 for the out-slab
  };
  Payload PayloadOf(const Record& record);

 private:
  using Clock = std::chrono::steady_clock;

  void Run();
  void Turn();
  bool FailClosed();
  bool PrepareToBlock();
  // What a turn without room for input may do.
  enum class Room { kComes, kPoll, kMayBlock };
  Room WaitForRoom();
  bool HasAmpleRoom() { return completions_.HasAmpleRoom() && slabs_.Reserve().bytes > 0; }
  void ClearWake();
  void WaitWithoutDispatch();
  void TakeSubmissions();
  void RefuseSubmissions();
  void Take(const Record& record);
  void Open(const Record& record);
  void ReleasePayload(const Record& record);
  void ResumeStalled();
  void DeleteRetired();
  void Publish();
  void DestroyHandlers();
  void Stop();
  void NoteLoopEnd(bool posted);
  void EndLoop(LoopEnd end);
  void Abandon(int code);

  static void* OnThread(void* self);
  static void OnWake(evutil_socket_t fd, short what, void* self);

  const Memory memory_;
  const Options options_;
  Transit& transit_;
  const std::function<void()> signal_;
  std::atomic<bool> stop_requested_{false};
  int wake_fd_ = -1;
  Pins pins_;
  CompletionRing completions_;
  SubmissionRing submissions_;
  InSlabs slabs_;
  // From here in reverse order of destruction: handlers, the wake event, the base.
  EventBasePtr base_;
  CommonTimeouts common_timeouts_;
  DeathWatch death_watch_;
  EventPtr wake_event_;
  std::vector<std::unique_ptr<EventHandler>> handlers_;
  std::vector<EventHandler*> stalled_;
  std::vector<EventHandler*> retired_;
  std::vector<int32_t> unsettled_;
  bool edge_triggered_wake_ = false;
  bool starved_ = false;  // there was no room for input in this turn or an earlier one
  Clock::time_point starved_since_;
  bool stopping_ = false;
  bool dispatching_;
  int loop_flags_ = 0;
  int32_t loop_run_ = 0;  // which call of loop() this is
  uint32_t posted_ = 0;   // the ring's tail when it was last published
  bool started_ = false;
  pthread_t thread_ = {};
};

}  // namespace rxjs_libevent
