/* Ends a bench program: what failed goes to stderr, the exit code is 1, and nothing is reported. */
#ifndef BENCH_DIE_H_
#define BENCH_DIE_H_

void die(const char* format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* As die(), with the text of errno behind it. */
void die_errno(const char* format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
