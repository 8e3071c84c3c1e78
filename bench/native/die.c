#include "die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_and_exit(const char* reason, const char* format, va_list arguments)
    __attribute__((noreturn, format(printf, 2, 0)));

static void print_and_exit(const char* reason, const char* format, va_list arguments) {
  char text[512];
  vsnprintf(text, sizeof text, format, arguments);
  if (reason) {
    fprintf(stderr, "error %s: %s\n", text, reason);
  } else {
    fprintf(stderr, "error %s\n", text);
  }
  fflush(stderr);
  /* Other threads may be at work: no atexit handlers. */
  _exit(1);
}

void die(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_and_exit(NULL, format, arguments);
}

void die_errno(const char* format, ...) {
  const char* reason = strerror(errno);
  va_list arguments;
  va_start(arguments, format);
  print_and_exit(reason, format, arguments);
}
