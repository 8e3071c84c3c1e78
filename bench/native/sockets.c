#include "sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "die.h"

enum { kBacklog = 4096 };

unsigned long raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) die_errno("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit)) die_errno("setrlimit");
  return (unsigned long)limit.rlim_cur;
}

struct sockaddr_in parse_address(const char* host, int port) {
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)port);
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) die("not an IPv4 address: %s", host);
  return address;
}

int listen_tcp(const char* host, int port, int* bound_port) {
  struct sockaddr_in address = parse_address(host, port);
  socklen_t length = sizeof address;
  const int on = 1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) die_errno("socket");
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)) die_errno("setsockopt");
  if (bind(fd, (struct sockaddr*)&address, sizeof address)) die_errno("bind %s:%d", host, port);
  if (listen(fd, kBacklog)) die_errno("listen %s:%d", host, port);
  if (getsockname(fd, (struct sockaddr*)&address, &length)) die_errno("getsockname");
  *bound_port = ntohs(address.sin_port);
  return fd;
}

int connect_tcp(const struct sockaddr_in* target, int source) {
  const int on = 1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  set_no_delay(fd);
  if (source > 0) {
    struct sockaddr_in local;
    memset(&local, 0, sizeof local);
    local.sin_family = AF_INET;
    local.sin_addr.s_addr = htonl(0x7f000001u + (uint32_t)source);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr*)&local, sizeof local)) goto failed;
  }
  if (connect(fd, (const struct sockaddr*)target, sizeof *target) && errno != EINPROGRESS) {
    goto failed;
  }
  return fd;
failed:;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

void set_no_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}
