/* The load generator: C and epoll. Phases go to stderr ("begin" and "end" of the timed window, so
 * that whoever reads the server's CPU knows when); stdout receives one line of JSON, or nothing
 * when anything was wrong: then stderr says what, and the exit code is 1. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "clock.h"
#include "die.h"
#include "load_idle.h"
#include "load_options.h"
#include "load_relay.h"
#include "load_report.h"
#include "sockets.h"
#include "worker.h"

enum { kGraceSeconds = 120 };

static pthread_barrier_t connected; /* All workers have prepared. */
static pthread_barrier_t started;   /* The window is set. */

static const LoadProgram* program_of(LoadScenario scenario) {
  switch (scenario) {
    case kFanout:
      return &kFanoutProgram;
    case kAccept:
    case kAnswer:
      return &kChurnProgram;
    default:
      return &kStreamProgram;
  }
}

static void* work(void* argument) {
  Worker* worker = argument;
  const LoadProgram* program = program_of(worker->run->options->scenario);
  worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (worker->epoll_fd < 0) die_errno("epoll_create1");
  program->prepare(worker);
  pthread_barrier_wait(&connected);
  pthread_barrier_wait(&started);
  program->run(worker);
  return NULL;
}

static void sleep_until(uint64_t time_ns) {
  struct timespec time = {(time_t)(time_ns / 1000000000u), (long)(time_ns % 1000000000u)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL)) {
  }
}

static void run_workers(Run* run) {
  int count = run->options->threads;
  Worker* workers = calloc((size_t)count, sizeof *workers);
  pthread_t* threads = calloc((size_t)count, sizeof *threads);
  if (!workers || !threads) die("out of memory");
  pthread_barrier_init(&connected, NULL, (unsigned)count + 1);
  pthread_barrier_init(&started, NULL, (unsigned)count + 1);
  int share = run->options->connections / count;
  int rest = run->options->connections % count;
  for (int i = 0, first = 0; i < count; i++) {
    workers[i].run = run;
    workers[i].first = first;
    workers[i].count = share + (i < rest);
    first += workers[i].count;
    if (pthread_create(&threads[i], NULL, work, &workers[i])) die("pthread_create");
  }
  pthread_barrier_wait(&connected);
  run->begin_ns = now_ns() + (uint64_t)(run->options->warmup_s * 1e9);
  run->end_ns = run->begin_ns + (uint64_t)(run->options->measure_s * 1e9);
  pthread_barrier_wait(&started);
  sleep_until(run->begin_ns);
  fputs("begin\n", stderr);
  sleep_until(run->end_ns);
  fputs("end\n", stderr);
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  report_workers(run, workers, count);
}

int main(int argument_count, char** arguments) {
  LoadOptions options = parse_load_options(argument_count, arguments);
  Run run = {.options = &options};
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  alarm((unsigned)(options.warmup_s + options.measure_s) + kGraceSeconds);
  raise_file_limit();
  bool lines =
      options.scenario == kLines || options.scenario == kAnswer || options.scenario == kIdle;
  pattern_init(&run.pattern, (size_t)options.message_bytes, lines);
  if (options.scenario == kRelay) {
    relay_open(&run);
  } else {
    if (options.port == 0) die("--port is missing");
    run.target = parse_address(options.host, options.port);
  }
  if (options.scenario == kIdle) {
    report_idle(&run, idle_hold(&run));
  } else {
    run_workers(&run);
  }
  return 0;
}
