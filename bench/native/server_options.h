/* The command line and the announcement that every peer has; see ../README.md. */
#ifndef BENCH_SERVER_OPTIONS_H_
#define BENCH_SERVER_OPTIONS_H_

typedef enum ServerMode {
  kServeRot13, /* Each line, LF at its end, is answered rotated. Idle connections are this too. */
  kServeEcho,  /* Bytes go back as they are. */
  kServeRelay, /* Bytes go to a connection of their own to the upstream port, and its bytes back. */
  kServeFanout, /* Greets with one LF; then bytes of one go to all. */
  kServeAccept, /* Accepts and closes. */
} ServerMode;

typedef struct ServerOptions {
  ServerMode mode;
  const char* host;
  int port;
  int upstream_port;
} ServerOptions;

/* Parses, and sets the process up: file limit, no SIGPIPE, an end with its parent. */
ServerOptions parse_server_options(int count, char** arguments);

/* Prints {"port":N}. */
void announce_port(int port);

#endif
