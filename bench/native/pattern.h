/* The endless stream of bytes that every connection sends, and the one that must come back. */
#ifndef BENCH_PATTERN_H_
#define BENCH_PATTERN_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Pattern {
  unsigned char* sent; /* `length` bytes, twice: a write need not stop at the wrap. */
  unsigned char* expected;
  size_t length; /* A multiple of the message's size. */
  size_t message_bytes;
} Pattern;

/* Messages of `message_bytes`; as lines (printable, LF at the end, answered by rot13) or any bytes.
 */
void pattern_init(Pattern* pattern, size_t message_bytes, bool lines);

/* Whether these bytes are what the stream has at `position`. */
bool pattern_matches(const Pattern* pattern, uint64_t position, const unsigned char* bytes,
                     size_t length);

#endif
