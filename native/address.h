// Socket addresses as they stand in records and payloads.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "ring.h"

namespace rxjs_libevent {

enum AddressFamily : int32_t { kNoFamily = 0, kUnix = 1, kIpv4 = 4, kIpv6 = 6 };

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t length = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

// Reads a numeric host with its port, or a path (abstract when it starts with a NUL byte). An IPv6
// host may have a zone, the name or the number of an interface: `fe80::1%eth0`. Returns 0 or an
// errno.
int ParseAddress(AddressFamily family, const std::string& text, int port, SocketAddress* address);

// The address of a socket's own end. A length of 0 when there is none.
SocketAddress LocalAddressOf(int fd);

AddressFamily FamilyOf(const SocketAddress& address);
// True for what stands for every address of the machine, and where there is none.
bool IsWildcard(const SocketAddress& address);

// A socket's own address, and its peer's in front of it where there is one, as records; link-local
// addresses have the name of their interface behind them: both ends have the same.
struct PackedAddresses {
  Record records[3] = {};
  uint32_t family = 0;  // AddressFamily, and kZoned
  int32_t ports = 0;    // remote << 16 | local
};
PackedAddresses Pack(const SocketAddress& local, const SocketAddress* remote);

// Posts a completion with a socket's own address, and its peer's in front of it where there is one.
void PostAddresses(CompletionRing& completions, Completion kind, int32_t id, int32_t fd,
                   const SocketAddress& local, const SocketAddress* remote = nullptr);

}  // namespace rxjs_libevent
