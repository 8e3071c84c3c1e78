// Thread: any. Owner: none, plain values.
#include "address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

namespace rxjs_libevent {
namespace {

int ParsePath(const std::string& path, SocketAddress* address) {
  auto* unix_address = reinterpret_cast<sockaddr_un*>(&address->storage);
  const bool is_abstract = !path.empty() && path[0] == '\0';
  const size_t most = sizeof(unix_address->sun_path) - (is_abstract ? 0 : 1);
  if (path.empty() || path.size() > most) return ENAMETOOLONG;
  unix_address->sun_family = AF_UNIX;
  memcpy(unix_address->sun_path, path.data(), path.size());
  address->length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (is_abstract ? 0 : 1));
  return 0;
}

}  // namespace

int ParseAddress(AddressFamily family, const std::string& text, int port, SocketAddress* address) {
  if (family == kUnix) return ParsePath(text, address);
  addrinfo hints = {};
  hints.ai_family = family == kIpv6 ? AF_INET6 : AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;  // never a look-up: names are Node's to resolve
  addrinfo* found = nullptr;
  if (getaddrinfo(text.c_str(), nullptr, &hints, &found) != 0) return EINVAL;
  memcpy(&address->storage, found->ai_addr, found->ai_addrlen);
  address->length = found->ai_addrlen;
  freeaddrinfo(found);
  if (family == kIpv6) {
    reinterpret_cast<sockaddr_in6*>(&address->storage)->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(&address->storage)->sin_port = htons(port);
  }
  return 0;
}

SocketAddress LocalAddressOf(int fd) {
  SocketAddress address;
  socklen_t length = sizeof(address.storage);
  if (getsockname(fd, address.get(), &length) == 0) address.length = length;
  return address;
}

AddressFamily FamilyOf(const SocketAddress& address) {
  if (address.length == 0) return kNoFamily;
  switch (address.family()) {
    case AF_INET:
      return kIpv4;
    case AF_INET6:
      return kIpv6;
    case AF_UNIX:
      return kUnix;
    default:
      return kNoFamily;
  }
}

bool IsWildcard(const SocketAddress& address) {
  const Record bytes = BytesOf(address);
  const AddressFamily family = FamilyOf(address);
  if (family == kUnix) return false;
  return (bytes.words[0] | bytes.words[1] | bytes.words[2] | bytes.words[3]) == 0;
}

int32_t PortOf(const SocketAddress& address) {
  switch (FamilyOf(address)) {
    case kIpv4:
      return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
    case kIpv6:
      return ntohs(reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port);
    default:
      return 0;
  }
}

Record BytesOf(const SocketAddress& address) {
  Record record = {};
  switch (FamilyOf(address)) {
    case kIpv4:
      memcpy(record.words, &reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr, 4);
      break;
    case kIpv6:
      memcpy(record.words, &reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr, 16);
      break;
    default:
      break;
  }
  return record;
}

}  // namespace rxjs_libevent
