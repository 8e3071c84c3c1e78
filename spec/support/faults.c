// System calls that fail, or stop, when a spec says so. Preloaded into a program by Faults.ts and
// steered from its JavaScript by faults.cjs, through a file that both map: entries of a name and
// eight words. Only threads beside the main one are met, unless an entry says otherwise.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ENTRIES = 32 };

struct fault {
  char name[32];
  _Atomic int32_t fails;  // so many calls fail, after so many that do not
  _Atomic int32_t skips;
  _Atomic int32_t error;
  _Atomic int32_t holds;  // calls wait for as long as this is set,
  _Atomic int32_t held;   // and one does
  _Atomic int32_t calls;
  _Atomic int32_t any_thread;
  _Atomic int32_t mark;  // of recv(): send() had been called so often when "mark!" came
};

static struct fault* faults;

__attribute__((constructor)) static void map_faults(void) {
  const char* path = getenv("FAULTS");
  const int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* memory =
      mmap(NULL, ENTRIES * sizeof(struct fault), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (memory != MAP_FAILED) faults = memory;
}

static struct fault* find(const char* name) {
  if (faults == NULL) return NULL;
  for (int i = 0; i < ENTRIES && faults[i].name[0] != '\0'; ++i) {
    if (strcmp(faults[i].name, name) == 0) return &faults[i];
  }
  return NULL;
}

static struct fault* met(const char* name) {
  struct fault* fault = find(name);
  if (fault == NULL) return NULL;
  return fault->any_thread || syscall(SYS_gettid) != getpid() ? fault : NULL;
}

// True if the call fails.
static int meet(struct fault* fault) {
  if (fault == NULL) return 0;
  ++fault->calls;
  while (fault->holds) {
    fault->held = 1;
    syscall(SYS_ppoll, NULL, 0, &(struct timespec){0, 1000000}, NULL, 0);
  }
  fault->held = 0;
  if (fault->fails <= 0) return 0;
  if (fault->skips > 0) {
    --fault->skips;
    return 0;
  }
  --fault->fails;
  errno = fault->error;
  return 1;
}

static void look_for_mark(const void* data, ssize_t bytes) {
  struct fault* recv_fault = find("recv");
  struct fault* send_fault = find("send");
  if (bytes < 5 || recv_fault == NULL || send_fault == NULL) return;
  // The first time: it may be echoed.
  if (memcmp(data, "mark!", 5) != 0 || recv_fault->mark != 0) return;
  recv_fault->mark = send_fault->calls + 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define CALL(type, name, parameters, arguments)  \
  type name parameters {                         \
    if (meet(met(#name))) return (type)-1;       \
    return REAL(name) arguments;                 \
  }

CALL(int, epoll_create1, (int flags), (flags))
CALL(int, eventfd, (unsigned count, int flags), (count, flags))
CALL(int, timerfd_create, (int clock, int flags), (clock, flags))
CALL(int, socketpair, (int family, int type, int protocol, int ends[2]),
     (family, type, protocol, ends))
CALL(int, pipe2, (int ends[2], int flags), (ends, flags))
CALL(ssize_t, send, (int fd, const void* data, size_t bytes, int flags), (fd, data, bytes, flags))
CALL(ssize_t, writev, (int fd, const struct iovec* parts, int count), (fd, parts, count))
CALL(ssize_t, sendfile, (int to, int from, off_t* offset, size_t bytes), (to, from, offset, bytes))
CALL(int, shutdown, (int fd, int how), (fd, how))
CALL(int, accept4, (int fd, __SOCKADDR_ARG address, socklen_t* length, int flags),
     (fd, address, length, flags))

// What the kernel refuses for want of room is one more.
int epoll_ctl(int set, int op, int fd, struct epoll_event* event) {
  if (op == EPOLL_CTL_ADD && meet(met("epoll_ctl"))) return -1;
  return REAL(epoll_ctl)(set, op, fd, event);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                   void* argument) {
  if (meet(met("pthread_create"))) return errno;
  return REAL(pthread_create)(thread, attributes, run, argument);
}

// What waits is met on its return: the thread holds what it was woken with.
int epoll_wait(int set, struct epoll_event* events, int most, int timeout) {
  const int count = REAL(epoll_wait)(set, events, most, timeout);
  return meet(met("epoll_wait")) ? -1 : count;
}

int select(int count, fd_set* read, fd_set* write, fd_set* except, struct timeval* timeout) {
  const int ready = REAL(select)(count, read, write, except, timeout);
  const int error = errno;
  // Met where it has failed by itself.
  if (ready < 0 && error == EBADF) meet(met("select"));
  errno = error;
  return ready;
}

ssize_t recv(int fd, void* data, size_t room, int flags) {
  if (meet(met("recv"))) return -1;
  const ssize_t bytes = REAL(recv)(fd, data, room, flags);
  look_for_mark(data, bytes);
  return bytes;
}

ssize_t __recv_chk(int fd, void* data, size_t room, size_t most, int flags) {
  (void)most;
  return recv(fd, data, room, flags);
}

ssize_t read(int fd, void* data, size_t room) {
  if (meet(met("read"))) return -1;
  const ssize_t bytes = REAL(read)(fd, data, room);
  look_for_mark(data, bytes);
  return bytes;
}

ssize_t __read_chk(int fd, void* data, size_t room, size_t most) {
  (void)most;
  return read(fd, data, room);
}
