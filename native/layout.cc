// Thread: JavaScript's, once for each environment. Exports ring.h by name; nothing is written
// twice.
#include "layout.h"

#include "bufferevent.h"
#include "libevent.h"
#include "listener.h"
#include "pins.h"
#include "ring.h"

namespace rxjs_libevent {
namespace {

class Table {
 public:
  explicit Table(Napi::Env env) : env_(env), object_(Napi::Object::New(env)) {}

  template <typename T>
  Table& Add(const char* name, T value) {
    object_.Set(name, Napi::Number::New(env_, static_cast<double>(value)));
    return *this;
  }

  Napi::Object object() const { return object_; }

 private:
  Napi::Env env_;
  Napi::Object object_;
};

Napi::Object Submissions(Napi::Env env) {
  return Table(env)
      .Add("lend", Submission::kLend)
      .Add("stop", Submission::kStop)
      .Add("adopt", Submission::kAdopt)
      .Add("connect", Submission::kConnect)
      .Add("listen", Submission::kListen)
      .Add("read", Submission::kRead)
      .Add("credit", Submission::kCredit)
      .Add("readHigh", Submission::kReadHigh)
      .Add("write", Submission::kWrite)
      .Add("notify", Submission::kNotify)
      .Add("shutdown", Submission::kShutdown)
      .Add("close", Submission::kClose)
      .Add("timeouts", Submission::kTimeouts)
      .Add("closeFd", Submission::kCloseFd)
      .Add("loopExit", Submission::kLoopExit)
      .Add("loopBreak", Submission::kLoopBreak)
      .Add("loop", Submission::kLoop)
      .Add("rateLimit", Submission::kRateLimit)
      .Add("rateLimitGroup", Submission::kRateLimitGroup)
      .Add("group", Submission::kGroup)
      .Add("totals", Submission::kTotals)
      .Add("priority", Submission::kPriority)
      .Add("pair", Submission::kPair)
      .Add("sendFile", Submission::kSendFile)
      .Add("trigger", Submission::kTrigger)
      .Add("timer", Submission::kTimer)
      .Add("signal", Submission::kSignal)
      .Add("fd", Submission::kFd)
      .Add("activate", Submission::kActivate)
      .Add("interval", Submission::kInterval)
      .object();
}

Napi::Object Completions(Napi::Env env) {
  return Table(env)
      .Add("data", Completion::kData)
      .Add("end", Completion::kEnd)
      .Add("left", Completion::kLeft)
      .Add("finished", Completion::kFinished)
      .Add("writeFailed", Completion::kWriteFailed)
      .Add("hangup", Completion::kHangup)
      .Add("closed", Completion::kClosed)
      .Add("accepted", Completion::kAccepted)
      .Add("bound", Completion::kBound)
      .Add("connected", Completion::kConnected)
      .Add("failed", Completion::kFailed)
      .Add("timeout", Completion::kTimeout)
      .Add("released", Completion::kReleased)
      .Add("acceptPaused", Completion::kAcceptPaused)
      .Add("acceptResumed", Completion::kAcceptResumed)
      .Add("stopped", Completion::kStopped)
      .Add("fatal", Completion::kFatal)
      .Add("looped", Completion::kLooped)
      .Add("total", Completion::kTotal)
      .Add("fired", Completion::kFired)
      .object();
}

Napi::Object ControlWords(Napi::Env env) {
  return Table(env)
      .Add("completionTail", kCompletionTail)
      .Add("completionHead", kCompletionHead)
      .Add("submissionTail", kSubmissionTail)
      .Add("submissionHead", kSubmissionHead)
      .Add("outTail", kOutTail)
      .Add("reactorSleeps", kReactorSleeps)
      .Add("reactorWantsRoom", kReactorWantsRoom)
      .Add("jsSleeps", kJsSleeps)
      .Add("stats", kStats)
      .Add("count", kControlWords)
      .object();
}

Napi::Object Stats(Napi::Env env) {
  return Table(env)
      .Add("passes", kPasses)
      .Add("sleeps", kSleeps)
      .Add("signals", kSignals)
      .Add("receives", kReceives)
      .Add("sends", kSends)
      .Add("references", kReferences)
      .Add("copies", kCopies)
      .Add("posted", kPosted)
      .Add("taken", kTaken)
      .Add("stalls", kStalls)
      .Add("accepts", kAccepts)
      .Add("receivedBytes", kReceivedBytes)
      .Add("sentBytes", kSentBytes)
      .object();
}

}  // namespace

Napi::Object Layout(Napi::Env env) {
  Napi::Object layout = Napi::Object::New(env);
  layout.Set("submission", Submissions(env));
  layout.Set("completion", Completions(env));
  layout.Set("control", ControlWords(env));
  layout.Set("stat", Stats(env));
  layout.Set("closeMode",
             Table(env).Add("drop", kDrop).Add("reset", kReset).Add("linger", kLinger).object());
  layout.Set("loopEnd", Table(env)
                            .Add("stepped", kStepped)
                            .Add("exited", kExited)
                            .Add("broken", kBroken)
                            .Add("empty", kEmpty)
                            .object());
  layout.Set("loopFlag",
             Table(env).Add("once", EVLOOP_ONCE).Add("nonblock", EVLOOP_NONBLOCK).object());
  layout.Set("timerFlag", Table(env).Add("periodic", kPeriodic).Add("common", kCommon).object());
  layout.Set("eventFlag", Table(env)
                              .Add("timeout", EV_TIMEOUT)
                              .Add("read", EV_READ)
                              .Add("write", EV_WRITE)
                              .Add("edge", EV_ET)
                              .Add("closed", EV_CLOSED)
                              .object());
  layout.Set("failedCall", Table(env)
                               .Add("socket", kSocketCall)
                               .Add("bind", kBindCall)
                               .Add("listen", kListenCall)
                               .Add("connect", kConnectCall)
                               .Add("accept", kAcceptCall)
                               .Add("inet_pton", kAddressCall)
                               .Add("setsockopt", kOptionCall)
                               .Add("allocate", kAllocateCall)
                               .Add("event_add", kEventCall)
                               .Add("sendfile", kSendFileCall)
                               .Add("sigaction", kSigactionCall)
                               .Add("fcntl", kFcntlCall)
                               .object());
  layout.Set("listenFlag", Table(env)
                               .Add("reuseable", kReuseable)
                               .Add("reuseablePort", kReuseablePort)
                               .Add("ipv6Only", kIpv6Only)
                               .Add("deferredAccept", kDeferredAccept)
                               .Add("keepOnExec", kKeepOnExec)
                               .Add("noDelay", kNoDelayAccepted)
                               .object());
  layout.Set("connectFlag", Table(env).Add("noDelay", kNoDelay).object());
  layout.Set("slots", Napi::Number::New(env, kSlots));
  layout.Set("slotBits", Napi::Number::New(env, kSlotBits));
  layout.Set("pins", Napi::Number::New(env, Pins::kCount));
  return layout;
}

}  // namespace rxjs_libevent
