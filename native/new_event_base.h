// Makes an event_base of a configuration.
#pragma once

#include <string>
#include <vector>

#include "libevent.h"

namespace rxjs_libevent {

struct BaseOptions {
  std::vector<std::string> avoid_methods;
  bool read_environment = false;
  int features = 0;
  int max_dispatch_interval_us = 0;  // 0 for none
  int max_dispatch_callbacks = 0;    // 0 for none
  int priorities = 1;
};

// JavaScript's thread, with options that have been checked. Returns null with the call that failed
// and its errno.
EventBasePtr NewEventBase(const BaseOptions& options, std::string* failed, int* code);

}  // namespace rxjs_libevent
