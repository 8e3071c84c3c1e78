{
  'variables': {
    # 'address,undefined' or 'thread': an instrumented build, see scripts/sanitize.mjs.
    'sanitize%': '',
    # 1: a warning fails the build. Off for users, whose compiler may be newer than ours.
    'strict%': 0,
  },
  'targets': [
    {
      'target_name': 'rxjs_libevent',
      'sources': ['<!@(ls *.cc)'],
      'defines': [
        'NAPI_VERSION=9',
        'NAPI_DISABLE_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        # In a worker that is being terminated nothing can be thrown, and nobody would catch it.
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
      ],
      'cflags': ['<!@(pkg-config --cflags libevent_core libevent_pthreads)'],
      'cflags_cc': [
        # -isystem: a header of node-addon-api must not fail a build with -Werror.
        '-isystem', '<!(node -p "require(\'path\').resolve(require(\'node-addon-api\').include_dir)")',
        '-std=c++17',
        '-Wall', '-Wextra',
        '-fno-exceptions', '-fno-rtti',
        '-fvisibility=hidden',
        '-O3',
      ],
      'libraries': ['<!@(pkg-config --libs libevent_core libevent_pthreads)', '-pthread'],
      # libevent's hooks point into the addon, so it must not be unloaded with its last environment.
      'ldflags': ['-Wl,-z,nodelete'],
      'conditions': [
        ['strict==1', {'cflags_cc': ['-Werror']}],
        ['sanitize!=""', {
          'cflags_cc': ['-fsanitize=<(sanitize)', '-fno-omit-frame-pointer', '-g', '-O1'],
          'ldflags': ['-fsanitize=<(sanitize)'],
        }],
      ],
    },
  ],
}
