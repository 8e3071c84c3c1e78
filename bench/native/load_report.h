/* The one line of JSON on stdout. */
#ifndef BENCH_LOAD_REPORT_H_
#define BENCH_LOAD_REPORT_H_

#include "worker.h"

/* Adds the workers up; dies when nothing was counted. `cpu` is the busiest thread's share of a
 * core. */
void report_workers(const Run* run, const Worker* workers, int count);

void report_idle(const Run* run, double seconds);

#endif
