/* The load generator's command line. */
#ifndef BENCH_LOAD_OPTIONS_H_
#define BENCH_LOAD_OPTIONS_H_

#include <stdbool.h>
#include <stddef.h>

typedef enum LoadScenario {
  kLines,  /* 64-byte lines, answered by rot13. */
  kEcho,   /* Messages of any bytes, answered as they are. */
  kRelay,  /* Sent on one connection, received on the one that the relay opens to the generator. */
  kFanout, /* One connection speaks, all of them must hear. */
  kAccept, /* Connect, wait for the server's EOF, close, again. */
  kAnswer, /* Connect, one line, its answer, close, again. */
  kIdle,   /* Connect, one line and its answer each, then hold until stdin ends. */
} LoadScenario;

typedef enum LoadTls {
  kTlsNone,
  kTlsFull,    /* Each handshake is a full one. */
  kTlsResumed, /* Each but the first of a thread resumes a session. */
} LoadTls;

typedef struct LoadOptions {
  LoadScenario scenario;
  const char* scenario_name;
  const char* host;
  int port; /* 0: read from stdin, once the relay's target has been announced. */
  int connections;
  int in_flight;
  LoadTls tls; /* Lines, echo, answer and idle. */
  int message_bytes;
  int threads;
  int sources; /* Source addresses 127.0.0.2 and up; 0: the system's choice. */
  double warmup_s;
  double measure_s;
} LoadOptions;

/* Parses and checks; a wrong option ends the program with what would be right. */
LoadOptions parse_load_options(int count, char** arguments);

#endif
