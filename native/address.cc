// Thread: any. Owner: none, plain values.
#include "address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
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

int ParseIpv4(const std::string& text, int port, SocketAddress* address) {
  auto* ipv4 = reinterpret_cast<sockaddr_in*>(&address->storage);
  if (inet_pton(AF_INET, text.c_str(), &ipv4->sin_addr) != 1) return EINVAL;
  ipv4->sin_family = AF_INET;
  ipv4->sin_port = htons(static_cast<uint16_t>(port));
  address->length = sizeof(sockaddr_in);
  return 0;
}

// getaddrinfo() would take names of interfaces for link-local addresses only: `::1%lo` is one too.
int ParseZone(const std::string& zone, uint32_t* index) {
  *index = if_nametoindex(zone.c_str());
  if (*index != 0) return 0;
  const int error = errno != 0 ? errno : ENODEV;
  char* end = nullptr;
  const unsigned long number = strtoul(zone.c_str(), &end, 10);
  if (zone[0] < '0' || zone[0] > '9' || *end != '\0' || number > UINT32_MAX) return error;
  *index = static_cast<uint32_t>(number);
  return 0;
}

int ParseIpv6(const std::string& text, int port, SocketAddress* address) {
  auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&address->storage);
  const size_t percent = text.find('%');
  if (inet_pton(AF_INET6, text.substr(0, percent).c_str(), &ipv6->sin6_addr) != 1) return EINVAL;
  if (percent != std::string::npos) {
    const int bad = ParseZone(text.substr(percent + 1), &ipv6->sin6_scope_id);
    if (bad != 0) return bad;
  }
  ipv6->sin6_family = AF_INET6;
  ipv6->sin6_port = htons(static_cast<uint16_t>(port));
  address->length = sizeof(sockaddr_in6);
  return 0;
}

// The 4 or 16 bytes of an IP address, in the order of the wire.
Record BytesOf(const SocketAddress& address) {
  Record record = {};
  const AddressFamily family = FamilyOf(address);
  if (family == kIpv4) {
    memcpy(record.words, &reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr, 4);
  } else if (family == kIpv6) {
    memcpy(record.words, &reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr, 16);
  }
  return record;
}

int32_t PortOf(const SocketAddress& address) {
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port), "one place");
  const AddressFamily family = FamilyOf(address);
  if (family != kIpv4 && family != kIpv6) return 0;
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
}

// The interface of a link-local address, 0 for every other address.
uint32_t ZoneOf(const SocketAddress& address) {
  if (FamilyOf(address) != kIpv6) return 0;
  const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
  return IN6_IS_ADDR_LINKLOCAL(&ipv6->sin6_addr) ? ipv6->sin6_scope_id : 0;
}

// The name of an interface; its number once it is gone.
Record NameOf(uint32_t zone) {
  static_assert(IF_NAMESIZE == sizeof(Record), "the name of an interface fills a record");
  Record record = {};
  char* name = reinterpret_cast<char*>(record.words);
  if (if_indextoname(zone, name) == nullptr) snprintf(name, sizeof(record), "%u", zone);
  return record;
}

}  // namespace

int ParseAddress(AddressFamily family, const std::string& text, int port, SocketAddress* address) {
  if (family == kUnix) return ParsePath(text, address);
  return family == kIpv6 ? ParseIpv6(text, port, address) : ParseIpv4(text, port, address);
}

SocketAddress LocalAddressOf(int fd) {
  SocketAddress address;
  address.length = sizeof(address.storage);
  if (getsockname(fd, address.get(), &address.length) != 0) address.length = 0;
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
  if (FamilyOf(address) == kUnix) return false;
  const Record bytes = BytesOf(address);
  return (bytes.words[0] | bytes.words[1] | bytes.words[2] | bytes.words[3]) == 0;
}

PackedAddresses Pack(const SocketAddress& local, const SocketAddress* remote) {
  PackedAddresses packed;
  uint32_t count = 0;
  uint32_t zone = ZoneOf(local);
  uint32_t ports = static_cast<uint32_t>(PortOf(local));
  if (remote != nullptr) {
    packed.records[count++] = BytesOf(*remote);
    if (zone == 0) zone = ZoneOf(*remote);
    ports |= static_cast<uint32_t>(PortOf(*remote)) << 16;
  }
  packed.records[count++] = BytesOf(local);
  if (zone != 0) packed.records[count] = NameOf(zone);
  packed.family = static_cast<uint32_t>(FamilyOf(local)) | (zone != 0 ? kZoned : 0);
  packed.ports = static_cast<int32_t>(ports);
  return packed;
}

void PostAddresses(CompletionRing& completions, Completion kind, int32_t id, int32_t fd,
                   const SocketAddress& local, const SocketAddress* remote) {
  const PackedAddresses packed = Pack(local, remote);
  completions.Post(kind, packed.family, id, fd, packed.ports, packed.records);
}

}  // namespace rxjs_libevent
