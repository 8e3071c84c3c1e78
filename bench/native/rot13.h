/* Rotates ASCII letters by 13, in place; every other byte passes. */
#ifndef BENCH_ROT13_H_
#define BENCH_ROT13_H_

#include <stddef.h>

void rot13(unsigned char* bytes, size_t length);

#endif
