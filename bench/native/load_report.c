#include "load_report.h"

#include <stdio.h>
#include <stdlib.h>

#include "die.h"

static void print_head(const LoadOptions* options) {
  printf(
      "{\"scenario\":\"%s\",\"connections\":%d,\"inFlight\":%d,\"messageBytes\":%d,\"threads\":%d",
      options->scenario_name, options->connections, options->in_flight, options->message_bytes,
      options->threads);
}

void report_workers(const Run* run, const Worker* workers, int count) {
  Histogram* latency = calloc(1, sizeof *latency);
  if (!latency) die("out of memory");
  uint64_t messages = 0, bytes = 0;
  double rate = 0, byte_rate = 0, longest_s = 0, busiest = 0;
  for (int i = 0; i < count; i++) {
    const Worker* worker = &workers[i];
    double seconds = (double)(worker->stopped_ns - worker->started_ns) / 1e9;
    double busy = (double)worker->cpu_ns / 1e9 / seconds;
    messages += worker->messages;
    bytes += worker->bytes;
    rate += (double)worker->messages / seconds;
    byte_rate += (double)worker->bytes / seconds;
    if (seconds > longest_s) longest_s = seconds;
    if (busy > busiest) busiest = busy;
    histogram_merge(latency, &worker->latency);
  }
  if (messages == 0 || latency->total == 0) {
    die("not one answer came within %g s", run->options->measure_s);
  }
  print_head(run->options);
  printf(
      ",\"seconds\":%.6f,\"messages\":%llu,\"bytes\":%llu,\"messagesPerSecond\":%.3f,"
      "\"bytesPerSecond\":%.3f,\"generatorCpu\":%.4f,\"latencyUs\":",
      longest_s, (unsigned long long)messages, (unsigned long long)bytes, rate, byte_rate, busiest);
  histogram_print_json(latency, stdout);
  puts("}");
  free(latency);
}

void report_idle(const Run* run, double seconds) {
  print_head(run->options);
  printf(",\"held\":%d,\"connectSeconds\":%.6f}\n", run->options->connections, seconds);
}
