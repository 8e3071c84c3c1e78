#include "server_options.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "die.h"
#include "sockets.h"

static ServerMode parse_mode(const char* text) {
  static const char* const kNames[] = {"rot13", "echo", "relay", "fanout", "accept"};
  for (unsigned i = 0; i < sizeof kNames / sizeof *kNames; i++) {
    if (!strcmp(text, kNames[i])) return (ServerMode)i;
  }
  if (!strcmp(text, "idle")) return kServeRot13;
  die("--mode %s: one of rot13, echo, relay, fanout, accept, idle", text);
}

static int parse_port(const char* name, const char* text) {
  char* end = NULL;
  long port = strtol(text, &end, 10);
  if (end == text || *end || port < 0 || port > 65535) die("--%s %s: a port", name, text);
  return (int)port;
}

ServerOptions parse_server_options(int count, char** arguments) {
  static const struct option kOptions[] = {
      {"mode", required_argument, NULL, 'm'},
      {"host", required_argument, NULL, 'h'},
      {"port", required_argument, NULL, 'p'},
      {"upstream-port", required_argument, NULL, 'u'},
      {NULL, 0, NULL, 0},
  };
  ServerOptions options = {kServeRot13, "127.0.0.1", 0, 0};
  int option;
  while ((option = getopt_long(count, arguments, "", kOptions, NULL)) != -1) {
    switch (option) {
      case 'm':
        options.mode = parse_mode(optarg);
        break;
      case 'h':
        options.host = optarg;
        break;
      case 'p':
        options.port = parse_port("port", optarg);
        break;
      case 'u':
        options.upstream_port = parse_port("upstream-port", optarg);
        break;
      default:
        die("unknown or incomplete option");
    }
  }
  if (options.mode == kServeRelay && options.upstream_port == 0) die("--upstream-port is missing");
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  return options;
}

void announce_port(int port) {
  printf("{\"port\":%d}\n", port);
  fflush(stdout);
}
