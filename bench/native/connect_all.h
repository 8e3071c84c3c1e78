/* Opens many connections without overrunning the server's backlog. */
#ifndef BENCH_CONNECT_ALL_H_
#define BENCH_CONNECT_ALL_H_

#include "wire.h"
#include "worker.h"

/* Connects `count` sockets into `fds`; `first` spreads them over the source addresses. Ends the
 * program when one is refused, or when they take longer than 30 s. */
void connect_all(const Run* run, int first, int count, int* fds);

/* The same, and what is to be secured is. */
void connect_wires(const Run* run, int first, int count, Wire* wires);

#endif
