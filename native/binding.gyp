{
  'variables': {
    # 'address,undefined' or 'thread': an instrumented build, see scripts/sanitize.mjs.
    'sanitize%': '',
    # 1: a warning fails the build. Off for users, whose compiler may be newer than ours.
    'strict%': 0,
    # A folder with libevent's sources, built: then it is linked into the addon. Otherwise the system's is used.
    'libevent%': '',
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
      'cflags_cc': [
        # -isystem: a header of node-addon-api must not fail a build with -Werror.
        '-isystem', '<!(node -p "require(\'path\').resolve(require(\'node-addon-api\').include_dir)")',
        '-std=c++17',
        '-Wall', '-Wextra',
        '-fno-exceptions', '-fno-rtti',
        '-fvisibility=hidden',
        '-O3',
      ],
      'libraries': ['-pthread'],
      # libevent's hooks point into the addon, so it must not be unloaded with its last environment.
      'ldflags': ['-Wl,-z,nodelete'],
      'conditions': [
        ['libevent==""', {
          'cflags': ['<!@(pkg-config --cflags libevent_core libevent_pthreads)'],
          'libraries': ['<!@(pkg-config --libs libevent_core libevent_pthreads)'],
        }, {
          'defines': ['LIBEVENT_INSIDE'],
          'cflags': ['-isystem', '<(libevent)/include', '-ffunction-sections', '-fdata-sections'],
          'libraries': ['<(libevent)/.libs/libevent_pthreads.a', '<(libevent)/.libs/libevent_core.a'],
          # What Node needs itself is needed, and no more; nothing of libevent is seen from outside.
          'ldflags': ['-static-libstdc++', '-Wl,--exclude-libs,ALL', '-Wl,--gc-sections', '-s'],
        }],
        ['strict==1', {'cflags_cc': ['-Werror']}],
        ['sanitize!=""', {
          'cflags_cc': ['-fsanitize=<(sanitize)', '-fno-omit-frame-pointer', '-g', '-O1'],
          'ldflags': ['-fsanitize=<(sanitize)'],
        }],
      ],
    },
  ],
}
