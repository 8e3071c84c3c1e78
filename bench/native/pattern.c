#include "pattern.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "rot13.h"

enum { kLeastBytes = 64 * 1024, kLeastMessages = 4 };

static uint64_t next_random(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

void pattern_init(Pattern* pattern, size_t message_bytes, bool lines) {
  size_t messages = (kLeastBytes + message_bytes - 1) / message_bytes;
  if (messages < kLeastMessages) messages = kLeastMessages;
  pattern->message_bytes = message_bytes;
  pattern->length = messages * message_bytes;
  pattern->sent = malloc(2 * pattern->length);
  pattern->expected = malloc(pattern->length);
  if (!pattern->sent || !pattern->expected) die("out of memory for the pattern");
  uint64_t state = 0x9e3779b97f4a7c15u;
  for (size_t i = 0; i < pattern->length; i++) {
    unsigned char any = (unsigned char)(next_random(&state) >> 32);
    pattern->sent[i] = lines ? (unsigned char)(' ' + any % 95) : any;
    if (lines && (i + 1) % message_bytes == 0) pattern->sent[i] = '\n';
  }
  memcpy(pattern->sent + pattern->length, pattern->sent, pattern->length);
  memcpy(pattern->expected, pattern->sent, pattern->length);
  if (lines) rot13(pattern->expected, pattern->length);
}

bool pattern_matches(const Pattern* pattern, uint64_t position, const unsigned char* bytes,
                     size_t length) {
  size_t at = (size_t)(position % pattern->length);
  while (length > 0) {
    size_t part = pattern->length - at < length ? pattern->length - at : length;
    if (memcmp(pattern->expected + at, bytes, part)) return false;
    bytes += part;
    length -= part;
    at = 0;
  }
  return true;
}
