// Thread: the reactor's.
#include "connect_target.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "socket_options.h"

namespace rxjs_libevent {

Failure ReadTarget(const Payload& payload, ConnectTarget* target) {
  ConnectRequest& request = target->request;
  if (!ReadRequest(payload, &request)) return {EINVAL, kAddressCall};
  const std::string texts(reinterpret_cast<char*>(payload.data) + sizeof(request),
                          payload.bytes - sizeof(request));
  const auto family = static_cast<AddressFamily>(request.family);
  const std::string remote = texts.substr(0, static_cast<size_t>(std::max(request.remoteBytes, 0)));
  int error = ParseAddress(family, remote, request.port, &target->remote);
  if (error == 0 && request.localBytes > 0) {
    error = ParseAddress(family, texts.substr(remote.size()), request.localPort, &target->local);
  }
  return {error, kAddressCall};
}

Failure PrepareToConnect(int fd, const ConnectTarget& target) {
  const bool is_ip = target.request.family != kUnix;
  if (target.request.localBytes > 0) {
    // A local port of one's own may still be in TIME_WAIT from the connection before.
    const int error = is_ip ? SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1) : 0;
    if (error != 0) return {error, kOptionCall};
    if (bind(fd, target.local.get(), target.local.length) != 0) return {errno, kBindCall};
  }
  const int seconds = target.request.keepAliveSeconds;
  if (seconds <= 0 || !is_ip) return {};
  return {SetKeepAlive(fd, seconds), kOptionCall};
}

}  // namespace rxjs_libevent
