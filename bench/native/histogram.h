/* Latency histogram in nanoseconds with log-linear buckets, as HdrHistogram's: the error of a value
 * is below 1 / 64, whatever its size. */
#ifndef BENCH_HISTOGRAM_H_
#define BENCH_HISTOGRAM_H_

#include <stdint.h>
#include <stdio.h>

enum { kSubBucketBits = 6, kSubBuckets = 1 << kSubBucketBits, kBuckets = 40 * kSubBuckets };

typedef struct Histogram {
  uint64_t counts[kBuckets];
  uint64_t total;
  uint64_t max_ns;
  double sum_ns;
} Histogram;

static inline unsigned histogram_bucket(uint64_t value_ns) {
  if (value_ns < kSubBuckets) return (unsigned)value_ns;
  unsigned shift = 63u - (unsigned)__builtin_clzll(value_ns) - kSubBucketBits;
  unsigned bucket = ((shift + 1) << kSubBucketBits) + (unsigned)((value_ns >> shift) - kSubBuckets);
  return bucket < kBuckets ? bucket : kBuckets - 1;
}

static inline void histogram_add(Histogram* histogram, uint64_t value_ns, uint64_t count) {
  histogram->counts[histogram_bucket(value_ns)] += count;
  histogram->total += count;
  histogram->sum_ns += (double)value_ns * (double)count;
  if (value_ns > histogram->max_ns) histogram->max_ns = value_ns;
}

void histogram_clear(Histogram* histogram);
void histogram_merge(Histogram* into, const Histogram* from);

/* The value at or below which this share (0 to 1) of the values lies; the middle of its bucket. */
double histogram_quantile_us(const Histogram* histogram, double share);

/* {"count":…,"mean":…,"p50":…,"p99":…,"p999":…,"max":…,"buckets":[[us,count],…]}, in microseconds.
 */
void histogram_print_json(const Histogram* histogram, FILE* out);

#endif
