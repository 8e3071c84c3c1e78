/* The far end of a relay: the generator itself listens where the relay connects to. */
#ifndef BENCH_LOAD_RELAY_H_
#define BENCH_LOAD_RELAY_H_

#include "worker.h"

/* Listens, prints "upstream PORT" on stderr, and waits for the relay's own port on stdin. */
void relay_open(Run* run);

/* Connects to the relay, and accepts what the relay connects in turn, one by one: so they are a
 * pair. */
void relay_pair(const Run* run, int index, int* near_fd, int* far_fd);

#endif
