#include "rot13.h"

/* Without branches or a table, so that the compiler vectorises it. */
void rot13(unsigned char* bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    unsigned char letter = (unsigned char)((bytes[i] | 0x20) - 'a');
    unsigned char forward = letter < 13 ? 13 : 0;
    unsigned char backward = (unsigned char)(letter - 13) < 13 ? 13 : 0;
    bytes[i] = (unsigned char)(bytes[i] + forward - backward);
  }
}
