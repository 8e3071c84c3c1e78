#include "load_options.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"

static const char* const kNames[] = {"lines",  "echo",   "relay", "fanout",
                                     "accept", "answer", "idle"};

static LoadScenario parse_scenario(const char* text) {
  for (unsigned i = 0; i < sizeof kNames / sizeof *kNames; i++) {
    if (!strcmp(text, kNames[i])) return (LoadScenario)i;
  }
  die("--scenario %s: one of lines, echo, relay, fanout, accept, answer, idle", text);
}

static LoadTls parse_tls(const char* text) {
  static const char* const kTlsNames[] = {"none", "full", "resumed"};
  for (unsigned i = 0; i < sizeof kTlsNames / sizeof *kTlsNames; i++) {
    if (!strcmp(text, kTlsNames[i])) return (LoadTls)i;
  }
  die("--tls %s: one of none, full, resumed", text);
}

static double parse_number(const char* name, const char* text, double least, double most) {
  char* end = NULL;
  double value = strtod(text, &end);
  if (end == text || *end || !isfinite(value) || value < least || value > most) {
    die("--%s %s: a number from %g to %g", name, text, least, most);
  }
  return value;
}

static int parse_count(const char* name, const char* text, int least, int most) {
  double value = parse_number(name, text, least, most);
  if (value != floor(value)) die("--%s %s: a whole number", name, text);
  return (int)value;
}

LoadOptions parse_load_options(int count, char** arguments) {
  static const struct option kOptions[] = {
      {"scenario", required_argument, NULL, 's'},  {"host", required_argument, NULL, 'h'},
      {"port", required_argument, NULL, 'p'},      {"connections", required_argument, NULL, 'c'},
      {"in-flight", required_argument, NULL, 'm'}, {"bytes", required_argument, NULL, 'b'},
      {"threads", required_argument, NULL, 't'},   {"sources", required_argument, NULL, 'S'},
      {"tls", required_argument, NULL, 'T'},       {"warmup", required_argument, NULL, 'w'},
      {"seconds", required_argument, NULL, 'd'},   {NULL, 0, NULL, 0},
  };
  LoadOptions options = {
      .scenario = kLines,
      .host = "127.0.0.1",
      .connections = 50,
      .in_flight = 1,
      .message_bytes = 64,
      .threads = 1,
      .warmup_s = 1,
      .measure_s = 2,
  };
  int option;
  while ((option = getopt_long(count, arguments, "", kOptions, NULL)) != -1) {
    switch (option) {
      case 's':
        options.scenario = parse_scenario(optarg);
        break;
      case 'h':
        options.host = optarg;
        break;
      case 'p':
        options.port = parse_count("port", optarg, 0, 65535);
        break;
      case 'c':
        options.connections = parse_count("connections", optarg, 1, 60000);
        break;
      case 'm':
        options.in_flight = parse_count("in-flight", optarg, 1, 4096);
        break;
      case 'b':
        options.message_bytes = parse_count("bytes", optarg, 1, 16 << 20);
        break;
      case 't':
        options.threads = parse_count("threads", optarg, 1, 16);
        break;
      case 'S':
        options.sources = parse_count("sources", optarg, 0, 250);
        break;
      case 'T':
        options.tls = parse_tls(optarg);
        break;
      case 'w':
        options.warmup_s = parse_number("warmup", optarg, 0, 60);
        break;
      case 'd':
        options.measure_s = parse_number("seconds", optarg, 0.01, 600);
        break;
      default:
        die("unknown or incomplete option");
    }
  }
  if (optind < count) die("%s: only options are taken", arguments[optind]);
  options.scenario_name = kNames[options.scenario];
  bool can_tls = options.scenario == kLines || options.scenario == kEcho ||
                 options.scenario == kAnswer || options.scenario == kIdle;
  if (options.tls != kTlsNone && !can_tls) die("--tls: of lines, echo, answer and idle only");
  if (options.threads > options.connections) options.threads = options.connections;

  if (options.scenario == kIdle) options.threads = 1;
  return options;
}
