// Thread: JavaScript's, once for each environment. Exports ring.h and requests.h by name; nothing
// is written twice. Every call is checked: where the environment is ending, nothing is exported.
#include "layout.h"

#include <cctype>
#include <string>

#include "address.h"
#include "lent_memory.h"
#include "libevent.h"
#include "requests.h"
#include "ring.h"

namespace rxjs_libevent {
namespace {

// An object that numbers are put into, under names in the style of JavaScript.
class Table {
 public:
  explicit Table(napi_env env) : env_(env) {
    if (napi_create_object(env, &object_) != napi_ok) object_ = nullptr;
  }

  template <typename T>
  Table& Add(std::string name, T value) {
    name[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(name[0])));
    napi_value number = nullptr;
    const bool made = napi_create_double(env_, static_cast<double>(value), &number) == napi_ok;
    return Set(name.c_str(), made ? number : nullptr);
  }
  Table& AddTable(const char* name, const Table& table) { return Set(name, table.object_); }

  napi_value object() const { return object_; }

 private:
  Table& Set(const char* name, napi_value value) {
    if (object_ == nullptr || value == nullptr ||
        napi_set_named_property(env_, object_, name, value) != napi_ok) {
      object_ = nullptr;
    }
    return *this;
  }

  const napi_env env_;
  napi_value object_ = nullptr;
};

#define RXJS_LIBEVENT_NAMES(name, ...) .Add(#name, k##name)
#define RXJS_LIBEVENT_SUBMISSION(name) .Add(#name, Submission::k##name)
#define RXJS_LIBEVENT_COMPLETION(name) .Add(#name, Completion::k##name)
#define RXJS_LIBEVENT_TURNER(name) .Add(#name, Turner::k##name)
#define RXJS_LIBEVENT_CALL(name, text) .Add(text, k##name##Call)
#define RXJS_LIBEVENT_FIELD(name) .Add(#name, offsetof(Request, name))
#define RXJS_LIBEVENT_REQUEST(request, fields)                                  \
  [env] {                                                                       \
    using Request = request;                                                    \
    return Table(env) fields(RXJS_LIBEVENT_FIELD).Add("size", sizeof(Request)); \
  }()

}  // namespace

napi_value Layout(napi_env env) {
  return Table(env)
      .AddTable("submission", Table(env) RXJS_LIBEVENT_SUBMISSIONS(RXJS_LIBEVENT_SUBMISSION))
      .AddTable("completion", Table(env) RXJS_LIBEVENT_COMPLETIONS(RXJS_LIBEVENT_COMPLETION))
      .AddTable("control", Table(env) RXJS_LIBEVENT_CONTROL_WORDS(RXJS_LIBEVENT_NAMES))
      .AddTable("turner", Table(env) RXJS_LIBEVENT_TURNERS(RXJS_LIBEVENT_TURNER))
      .AddTable("stat", Table(env) RXJS_LIBEVENT_STATS(RXJS_LIBEVENT_NAMES))
      .AddTable("closeMode", Table(env) RXJS_LIBEVENT_CLOSE_MODES(RXJS_LIBEVENT_NAMES))
      .AddTable("tlsFailure", Table(env) RXJS_LIBEVENT_TLS_FAILURES(RXJS_LIBEVENT_NAMES))
      .AddTable("tlsFlag", Table(env) RXJS_LIBEVENT_TLS_FLAGS(RXJS_LIBEVENT_NAMES))
      .AddTable("tlsRequest", RXJS_LIBEVENT_REQUEST(TlsRequest, RXJS_LIBEVENT_TLS_REQUEST))
      .AddTable("socketOption", Table(env) RXJS_LIBEVENT_SOCKET_OPTIONS(RXJS_LIBEVENT_NAMES))
      .AddTable("loopEnd", Table(env) RXJS_LIBEVENT_LOOP_ENDS(RXJS_LIBEVENT_NAMES))
      .AddTable("timerFlag", Table(env) RXJS_LIBEVENT_TIMER_FLAGS(RXJS_LIBEVENT_NAMES))
      .AddTable("listenFlag", Table(env) RXJS_LIBEVENT_LISTEN_FLAGS(RXJS_LIBEVENT_NAMES))
      .AddTable("connectFlag", Table(env) RXJS_LIBEVENT_CONNECT_FLAGS(RXJS_LIBEVENT_NAMES))
      .AddTable("failedCall", Table(env) RXJS_LIBEVENT_FAILED_CALLS(RXJS_LIBEVENT_CALL))
      .AddTable("connectRequest",
                RXJS_LIBEVENT_REQUEST(ConnectRequest, RXJS_LIBEVENT_CONNECT_REQUEST))
      .AddTable("listenRequest", RXJS_LIBEVENT_REQUEST(ListenRequest, RXJS_LIBEVENT_LISTEN_REQUEST))
      .AddTable("rateLimitRequest",
                RXJS_LIBEVENT_REQUEST(RateLimitRequest, RXJS_LIBEVENT_RATE_LIMIT_REQUEST))
      .AddTable("sendFileRequest",
                RXJS_LIBEVENT_REQUEST(SendFileRequest, RXJS_LIBEVENT_SEND_FILE_REQUEST))
      .AddTable(
          "family",
          Table(env).Add("unix", kUnix).Add("ipv4", kIpv4).Add("ipv6", kIpv6).Add("zoned", kZoned))
      .AddTable("loopFlag", Table(env).Add("once", EVLOOP_ONCE).Add("nonblock", EVLOOP_NONBLOCK))
      .AddTable("eventFlag", Table(env)
                                 .Add("timeout", EV_TIMEOUT)
                                 .Add("read", EV_READ)
                                 .Add("write", EV_WRITE)
                                 .Add("edge", EV_ET)
                                 .Add("closed", EV_CLOSED))
      .AddTable("feature", Table(env)
                               .Add("et", EV_FEATURE_ET)
                               .Add("o1", EV_FEATURE_O1)
                               .Add("fds", EV_FEATURE_FDS)
                               .Add("earlyClose", EV_FEATURE_EARLY_CLOSE))
      .AddTable("memory", Table(env)
                              .Add("arenaBlocks", kArenaBlocks)
                              .Add("arenaBlockBytes", kArenaBlockBytes)
                              .Add("pieces", LentMemory::kCount)
                              .Add("releaseBit", LentMemory::kReleaseBit)
                              .Add("recordWords", sizeof(Record) / sizeof(int32_t))
                              .Add("kindBits", kKindBits)
                              .Add("slots", kSlots)
                              .Add("slotBits", kSlotBits))
      .object();
}

}  // namespace rxjs_libevent
