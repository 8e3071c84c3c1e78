// Which sockets of the process are watched, each by a duplicate (fd_event.cc). A duplicate keeps a
// socket open that its connection closes, so the connection asks here whether close() will reach
// the peer.
//
// Threads: all.
#pragma once

namespace rxjs_libevent {

// Where `fd` is a socket, `copy` watches it until CloseWatched(copy).
void NoteWatched(int fd, int copy);

// Closes a descriptor, noted or not; none if it is negative.
void CloseWatched(int copy);

// Whether a duplicate of this very descriptor is open. One of another descriptor of the same socket
// does not count: that is not the connection's to close.
bool IsWatched(int fd);

}  // namespace rxjs_libevent
