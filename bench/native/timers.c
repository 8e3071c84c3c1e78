/* The peer "C on libevent" for timers: add, cancel and fire, on a base with precise timers, one
 * thread. Prints one line of JSON. Each figure is nanoseconds per timer. */
#include <event2/event.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "die.h"
#include "histogram.h"

enum { kDefaultCount = 100000, kExactCount = 1000, kSpreadUs = 500000 };

typedef struct Timer {
  struct event* event;
  uint64_t due_ns;
} Timer;

static struct event_base* base;
static Histogram errors;
static long fired;

static void on_fire(evutil_socket_t fd, short what, void* context) {
  (void)fd, (void)what, (void)context;
  fired++;
}

static void on_exact(evutil_socket_t fd, short what, void* context) {
  (void)fd, (void)what;
  uint64_t due_ns = ((Timer*)context)->due_ns, now = now_ns();
  histogram_add(&errors, now > due_ns ? now - due_ns : due_ns - now, 1);
}

static struct timeval timeval_of(long microseconds) {
  struct timeval time = {microseconds / 1000000, microseconds % 1000000};
  return time;
}

/* A timer costs its user the allocation too: `evtimer_new` counts with the adding. */
static double add(Timer* timers, long count, long least_us, event_callback_fn callback) {
  uint64_t begun = now_ns();
  for (long i = 0; i < count; i++) {
    struct timeval delay = timeval_of(least_us + i % 1000);
    timers[i].event = evtimer_new(base, callback, &timers[i]);
    if (!timers[i].event || evtimer_add(timers[i].event, &delay)) die("a timer was refused");
  }
  return (double)(now_ns() - begun) / (double)count;
}

static double cancel(Timer* timers, long count) {
  uint64_t begun = now_ns();
  for (long i = 0; i < count; i++) event_free(timers[i].event);
  return (double)(now_ns() - begun) / (double)count;
}

/* All are due before the loop begins: what is timed is their firing. */
static double fire(Timer* timers, long count) {
  add(timers, count, 0, on_fire);
  uint64_t due = now_ns() + 2000000u;
  while (now_ns() < due) {
  }
  uint64_t begun = now_ns();
  if (event_base_dispatch(base) < 0) die("event_base_dispatch");
  double each = (double)(now_ns() - begun) / (double)count;
  if (fired != count) die("%ld of %ld timers fired", fired, count);
  for (long i = 0; i < count; i++) event_free(timers[i].event);
  return each;
}

static void measure_error(Timer* timers) {
  for (long i = 0; i < kExactCount; i++) {
    long delay_us = (long)((uint64_t)i * 7919u * 61u % kSpreadUs);
    struct timeval delay = timeval_of(delay_us);
    timers[i].event = evtimer_new(base, on_exact, &timers[i]);
    timers[i].due_ns = now_ns() + (uint64_t)delay_us * 1000u;
    if (!timers[i].event || evtimer_add(timers[i].event, &delay)) die("a timer was refused");
  }
  if (event_base_dispatch(base) < 0) die("event_base_dispatch");
  for (long i = 0; i < kExactCount; i++) event_free(timers[i].event);
}

static long parse_count(int argument_count, char** arguments) {
  static const struct option kOptions[] = {{"count", required_argument, NULL, 'c'},
                                           {NULL, 0, NULL, 0}};
  long count = kDefaultCount;
  int option;
  while ((option = getopt_long(argument_count, arguments, "", kOptions, NULL)) != -1) {
    if (option != 'c') die("only --count is known");
    count = strtol(optarg, NULL, 10);
  }
  if (count < kExactCount || count > 10000000) die("--count: from %d to 10000000", kExactCount);
  return count;
}

int main(int argument_count, char** arguments) {
  long count = parse_count(argument_count, arguments);
  struct event_config* config = event_config_new();
  event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
  base = event_base_new_with_config(config);
  event_config_free(config);
  Timer* timers = calloc((size_t)count, sizeof *timers);
  if (!base || !timers) die("libevent could not be set up");
  add(timers, count, 60000000, on_fire);
  cancel(timers, count); /* The warm-up. */
  double add_ns = add(timers, count, 60000000, on_fire);
  double cancel_ns = cancel(timers, count);
  double fire_ns = fire(timers, count);
  measure_error(timers);
  printf("{\"count\":%ld,\"addNs\":%.3f,\"cancelNs\":%.3f,\"fireNs\":%.3f,\"errorUs\":", count,
         add_ns, cancel_ns, fire_ns);
  histogram_print_json(&errors, stdout);
  puts("}");
  free(timers);
  event_base_free(base);
  return 0;
}
