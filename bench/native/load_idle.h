/* Many connections that stay silent. */
#ifndef BENCH_LOAD_IDLE_H_
#define BENCH_LOAD_IDLE_H_

#include "worker.h"

/* Connects all, has one line answered on each, prints "held N" on stderr, and holds them until
 * stdin ends. Returns the seconds that connecting took; dies when one of them has been closed
 * meanwhile. */
double idle_hold(const Run* run);

#endif
