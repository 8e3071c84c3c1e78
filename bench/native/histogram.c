#include "histogram.h"

#include <math.h>
#include <string.h>

void histogram_clear(Histogram* histogram) { memset(histogram, 0, sizeof *histogram); }

void histogram_merge(Histogram* into, const Histogram* from) {
  for (unsigned i = 0; i < kBuckets; i++) into->counts[i] += from->counts[i];
  into->total += from->total;
  into->sum_ns += from->sum_ns;
  if (from->max_ns > into->max_ns) into->max_ns = from->max_ns;
}

static double bucket_middle_us(unsigned bucket) {
  if (bucket < kSubBuckets) return bucket / 1e3;
  unsigned shift = (bucket >> kSubBucketBits) - 1;
  double lowest = ldexp((double)(kSubBuckets + (bucket & (kSubBuckets - 1))), (int)shift);
  return (lowest + ldexp(0.5, (int)shift)) / 1e3;
}

double histogram_quantile_us(const Histogram* histogram, double share) {
  uint64_t wanted = (uint64_t)ceil(share * (double)histogram->total);
  uint64_t seen = 0;
  for (unsigned i = 0; i < kBuckets; i++) {
    seen += histogram->counts[i];
    if (histogram->counts[i] && seen >= wanted) return bucket_middle_us(i);
  }
  return 0;
}

void histogram_print_json(const Histogram* histogram, FILE* out) {
  double count = histogram->total ? (double)histogram->total : 1;
  fprintf(out, "{\"count\":%llu,\"mean\":%.3f,\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f",
          (unsigned long long)histogram->total, histogram->sum_ns / count / 1e3,
          histogram_quantile_us(histogram, 0.5), histogram_quantile_us(histogram, 0.99),
          histogram_quantile_us(histogram, 0.999), (double)histogram->max_ns / 1e3);
  fputs(",\"buckets\":[", out);
  const char* separator = "";
  for (unsigned i = 0; i < kBuckets; i++) {
    if (!histogram->counts[i]) continue;
    fprintf(out, "%s[%.3f,%llu]", separator, bucket_middle_us(i),
            (unsigned long long)histogram->counts[i]);
    separator = ",";
  }
  fputs("]}", out);
}
