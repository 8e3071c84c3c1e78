// Thread: the reactor's. Owner: the reactor's table. Lifetime: from kListen to kClose, or to a
// failure; the socket closes with it, and the file of a unix socket goes.
#include "listener.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "address.h"
#include "reactor.h"
#include "socket_options.h"

namespace rxjs_libevent {
namespace {

// How long accepting rests after the system has refused a descriptor.
constexpr int32_t kRetryMilliseconds = 100;
// How long a handshake that is half done may take to get into the queue of a listener that closes.
constexpr int32_t kHandshakeMilliseconds = 10;

Failure SetOptions(int fd, const ListenRequest& request) {
  if (request.family == kUnix) return {};
  int error = 0;
  const auto set = [&](int32_t flag, int level, int option) {
    if (error == 0 && (request.flags & flag) != 0) error = SetOption(fd, level, option, 1);
  };
  set(kReuseable, SOL_SOCKET, SO_REUSEADDR);
  set(kReuseablePort, SOL_SOCKET, SO_REUSEPORT);
  if (request.family == kIpv6) set(kIpv6Only, IPPROTO_IPV6, IPV6_V6ONLY);
  set(kDeferredAccept, IPPROTO_TCP, TCP_DEFER_ACCEPT);
  return {error, kOptionCall};
}

// A descriptor that was given may be anything, and stays as it is unless it is a stream socket.
int PrepareForeignSocket(int fd, int32_t flags) {
  const int error = CheckStreamSocket(fd);
  if (error != 0) return error;
  if (evutil_make_socket_nonblocking(fd) != 0) return errno;
  if ((flags & kKeepOnExec) == 0 && evutil_make_socket_closeonexec(fd) != 0) return errno;
  return 0;
}

// From here on nobody else begins to connect. A SYN is dropped, and not refused: it comes again a
// second later, when somebody else may listen. An ACK passes, since its client is connected
// already.
void StopConnecting(int fd, bool is_ip) {
  if (!is_ip) {
    shutdown(fd, SHUT_RD);
    return;
  }
  constexpr uint32_t kFlagsOffset = 13;  // in the TCP header
  sock_filter drop_syn[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlagsOffset),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, TH_SYN, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
  };
  const sock_fprog program = {std::size(drop_syn), drop_syn};
  setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

}  // namespace

Failure Listener::Open(const Record& record) {
  const Payload payload = reactor_.PayloadOf(record);
  ListenRequest request;
  if (!ReadRequest(payload, &request)) return {EINVAL, kAddressCall};
  // To libevent a backlog of 0 means that somebody else has called listen().
  if (request.backlog < 1) return {EINVAL, kListenCall};
  backlog_ = request.backlog;
  const bool foreign = request.fd >= 0;
  Failure failure = foreign ? Failure{PrepareForeignSocket(request.fd, request.flags), kListenCall}
                            : Bind(request, payload);
  if (failure) return failure;
  const int fd = foreign ? request.fd : fd_;
  if (!CanWatch(reactor_.base(), fd)) return {EMFILE, kSocketCall};
  errno = 0;
  listener_.reset(evconnlistener_new(
      reactor_.base(), OnAccept, this,
      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_DISABLED | LEV_OPT_CLOSE_ON_EXEC,  // of what is accepted
      request.backlog, fd));
  // A descriptor that was given is the listener's only once it listens: it may be anything.
  if (!listener_) return {errno != 0 ? errno : ENOMEM, kListenCall};
  fd_ = -1;
  evconnlistener_set_error_cb(listener_.get(), OnError);
  retry_.reset(evtimer_new(reactor_.base(), CallBack<&Listener::OnRetry>, this));
  if (!retry_) return {ENOMEM, kAllocateCall};
  bound_ = LocalAddressOf(fd);
  // Accepted sockets inherit them.
  const bool is_ip = FamilyOf(bound_) != kUnix;
  int error = 0;
  if (is_ip && (request.flags & kNoDelayAccepted) != 0) error = SetNoDelay(fd, true);
  if (is_ip && error == 0 && request.keepAliveSeconds > 0) {
    error = SetKeepAlive(fd, request.keepAliveSeconds);
  }
  if (error != 0) return {error, kOptionCall};
  credit_ = request.credit;
  PostAddresses(reactor_.completions(), Completion::kBound, id_, fd, bound_);
  return {};
}

Failure Listener::Bind(const ListenRequest& request, const Payload& payload) {
  const std::string text(reinterpret_cast<char*>(payload.data) + sizeof(request),
                         payload.bytes - sizeof(request));
  SocketAddress address;
  const int error =
      ParseAddress(static_cast<AddressFamily>(request.family), text, request.port, &address);
  if (error != 0) return {error, kAddressCall};
  const int on_exec = (request.flags & kKeepOnExec) != 0 ? 0 : SOCK_CLOEXEC;
  fd_ = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | on_exec, 0);
  if (fd_ < 0) return {errno, kSocketCall};
  const Failure failure = SetOptions(fd_, request);
  if (failure) return failure;
  if (bind(fd_, address.get(), address.length) != 0) return {errno, kBindCall};
  if (request.family == kUnix) file_.Remember(text);
  return {};
}

void Listener::Take(const Record& record) {
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kRead:
      wanted_ = record.a() != 0;
      Update();
      break;
    case Submission::kCredit:
      credit_ += record.a();
      Update();
      break;
    case Submission::kClose:
      if (record.a() != kLinger || !Linger()) End();
      break;
    default:
      break;
  }
}

// Returns false if nothing is left to wait for: a handshake that is half done, or a descriptor.
bool Listener::Linger() {
  if (!listener_ || lingers_) return lingers_;
  file_.Remove();
  const bool is_ip = FamilyOf(bound_) != kUnix;
  StopConnecting(evconnlistener_get_fd(listener_.get()), is_ip);
  AcceptWaiting();
  if (!listener_ || (!is_ip && accepting_ != Accepting::kResting)) return false;
  const timeval delay = Milliseconds(kHandshakeMilliseconds);
  lingers_ = reactor_.Add(retry_.get(), &delay) == 0;
  return lingers_;
}

// Who waits in the queue has connected, and closing the socket would reset it. One turn takes them
// all, whatever the credit: the queue is bounded by the backlog, and hardly anybody joins it.
void Listener::AcceptWaiting() {
  const int fd = evconnlistener_get_fd(listener_.get());
  // The queue holds one more than the backlog.
  for (int32_t taken = 0; taken <= backlog_; ++taken) {
    SocketAddress remote;
    remote.length = sizeof(remote.storage);
    const int accepted = accept4(fd, remote.get(), &remote.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) {
      if (errno == ECONNABORTED || errno == EPROTO || errno == EINTR) continue;
      // A unix socket that takes no more says EINVAL where others say EAGAIN.
      if (errno != EAGAIN && errno != EINVAL) OnAcceptFailed(errno);
      return;
    }
    // One that was connected behind the filter has inherited it.
    if (FamilyOf(bound_) != kUnix) SetOption(accepted, SOL_SOCKET, SO_DETACH_FILTER, 0);
    OnAccepted(accepted, remote);
    if (!listener_) return;
  }
}

void Listener::End() {
  Close();
  reactor_.Retire(this);
}

// In the turn that asks for it, so that a new listener can have the port or the path in the same
// one.
void Listener::Close() {
  file_.Remove();
  listener_.reset();
  retry_.reset();
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

void Listener::Fail(int error, FailedCall call) {
  Close();
  reactor_.Fail(this, {error, call});
}

void Listener::FailIfClosed() {
  if (!listener_ || fcntl(evconnlistener_get_fd(listener_.get()), F_GETFD) >= 0) return;
  Fail(errno, kFcntlCall);
}

void Listener::Abandon() {
  file_.Remove();
  if (listener_) close(evconnlistener_get_fd(listener_.get()));
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

void Listener::Update() {
  if (!listener_) return;
  const bool may = wanted_ && credit_ > 0 && accepting_ != Accepting::kResting && !stalled_;
  if (may == enabled_) return;
  enabled_ = may;
  errno = 0;
  const int result =
      may ? evconnlistener_enable(listener_.get()) : evconnlistener_disable(listener_.get());
  if (result != 0) Fail(errno != 0 ? errno : ENOMEM, kEventCall);
}

void Listener::OnAccept(evconnlistener*, evutil_socket_t fd, sockaddr* address, int length,
                        void* self) {
  // As accept() gave it: a peer that has gone has no name any more.
  SocketAddress remote;
  memcpy(&remote.storage, address, static_cast<size_t>(length));
  remote.length = static_cast<socklen_t>(length);
  auto* listener = static_cast<Listener*>(self);
  listener->reactor_.CountCallback();
  listener->OnAccepted(fd, remote);
}

void Listener::OnAccepted(int fd, const SocketAddress& remote) {
  if (!CanWatch(reactor_.base(), fd)) {
    close(fd);
    return OnAcceptFailed(EMFILE);
  }
  if (std::exchange(accepting_, Accepting::kWell) != Accepting::kWell) {
    reactor_.completions().Post(Completion::kAcceptResumed, 0, id_, 0, 0);
  }
  const SocketAddress local = IsWildcard(bound_) ? LocalAddressOf(fd) : bound_;
  reactor_.transit().Enter(fd);
  reactor_.Count(kAccepts);
  PostAddresses(reactor_.completions(), Completion::kAccepted, id_, fd, local, &remote);
  --credit_;
  if (!reactor_.completions().HasRoom()) reactor_.Stall(this);
  Update();
}

void Listener::OnError(evconnlistener*, void* self) {
  static_cast<Listener*>(self)->OnAcceptFailed(EVUTIL_SOCKET_ERROR());
}

void Listener::OnAcceptFailed(int error) {
  // The peer gave up before it was accepted: nothing has happened to us.
  if (error == ECONNABORTED || error == EPROTO) return;
  const bool first = std::exchange(accepting_, Accepting::kResting) == Accepting::kWell;
  Update();
  if (!listener_) return;
  const timeval delay = Milliseconds(kRetryMilliseconds);
  const int failed = reactor_.Add(retry_.get(), &delay);
  if (failed != 0) return Fail(failed, kEventCall);
  if (first) reactor_.completions().Post(Completion::kAcceptPaused, 0, id_, error, 0);
}

void Listener::OnRetry(short) {
  if (accepting_ == Accepting::kResting) accepting_ = Accepting::kRetrying;
  if (!lingers_) return Update();
  AcceptWaiting();
  // Without a descriptor it rests, and comes back.
  if (accepting_ != Accepting::kResting) End();
}

}  // namespace rxjs_libevent
