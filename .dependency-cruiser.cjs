'use strict';

// The import rule of the library. Imports run one way:
//   index -> base, connection, events -> flow, framing -> common
//   base -> rings -> native
//   nestjs -> base, connection, framing, flow, common
//   streams -> connection, flow, common
//   testing -> connection, flow, framing
//   eslint -> nothing

const rule = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: to },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Imports run one way. An import of types only does not make a cycle.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    rule(
      'flow-stands-alone',
      'flow decides and framing cuts, both without I/O: the marble kit runs them too.',
      '^lib/(flow|framing)/',
      '^lib/(native|rings|base|connection|events|streams|testing)([./]|$)',
    ),
    rule(
      'streams-stand-beside',
      'Adapters over a Connection: they open nothing, and nothing below knows them.',
      '^lib/streams([.]ts|/)',
      '^lib/(native|rings|base|events|framing|testing)([./]|$)',
    ),
    rule(
      'nothing-knows-nestjs',
      'Only who imports rxjs-libevent/nestjs needs Nest.',
      '^lib/(?!nestjs([.]ts|/))',
      '(^lib/nestjs([.]ts|/)|@nestjs)',
    ),
    rule(
      'eslint-stands-alone',
      'A rule is run in an editor: it loads nothing of the library, and of its tools types only.',
      '^lib/eslint([.]ts|/)',
      '^lib/(?!eslint([.]ts|/))',
    ),
    rule(
      'nothing-knows-eslint',
      'Only who lints needs a linter.',
      '^lib/(?!eslint([.]ts|/))',
      '^lib/eslint([.]ts|/)',
    ),
    rule(
      'nothing-knows-streams',
      'Adapters over a Connection: they open nothing, and nothing below knows them.',
      '^lib/(?!streams([.]ts|/))',
      '^lib/streams([.]ts|/)',
    ),
    rule(
      'flow-knows-no-framing',
      'Framing gives bytes back through flow, never the other way round.',
      '^lib/flow/',
      '^lib/framing/',
    ),
    rule(
      'flow-opens-nothing',
      'No sockets, files or processes below the Transport.',
      '^lib/(flow|framing)/',
      '^(node:)?(net|tls|fs|dgram|child_process|worker_threads)$',
    ),
    {
      name: 'one-file-loads-the-addon',
      comment: 'lib/native.ts loads the addon and states its types; the rings know its memory.',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/(base|rings)/' },
      to: { path: ['^lib/native([.]ts|/)', '[.]node$'], dependencyTypesNot: ['type-only'] },
    },
    rule(
      'common-stands-below',
      'Errors, addresses and checks are used by all and use none.',
      '^lib/common/',
      '^lib/(?!common/)',
    ),
    rule(
      'rings-know-only-native',
      'The rings are shared memory: a codec and slabs, no connections.',
      '^lib/rings/',
      '^lib/(base|connection|events|flow|framing|testing)/',
    ),
    {
      name: 'connection-talks-to-a-transport',
      comment: 'A Connection knows the Transport interface; the ring is one of two behind it.',
      severity: 'error',
      from: { path: '^lib/(connection|events)/' },
      to: { path: '^lib/(rings|testing)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'testing-loads-nothing-native',
      comment: 'rxjs-libevent/testing works where the addon was never built.',
      severity: 'error',
      from: { path: '^lib/testing([.]ts|/)' },
      to: {
        path: '^lib/(native|rings|base)([./]|$)',
        reachable: true,
      },
    },
    rule(
      'faces-are-for-users',
      'eslint.ts, index.ts, nestjs.ts, streams.ts and testing.ts are the public faces: nothing inside imports them.',
      '^lib/',
      '^lib/(eslint|index|nestjs|streams|testing)[.]ts$',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.build.json' },
    enhancedResolveOptions: { conditionNames: ['require', 'types', 'node', 'default'] },
  },
};
