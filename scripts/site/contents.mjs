/** The guides, in the order of the site's navigation. */
export const guides = [
  {
    title: 'Start',
    files: ['getting-started', 'migrating', 'libevent', 'recipes'].map(inDocs),
  },
  {
    title: 'Guides',
    files: ['flow-control', 'ends', 'tls', 'streams', 'nestjs', 'testing'].map(inDocs),
  },
  {
    title: 'In production',
    files: ['operations', 'scaling', 'errors', 'troubleshooting', 'performance'].map(inDocs),
  },
  {
    title: 'Inside',
    files: [
      ...['architecture', 'fuzzing', 'performance/tables'].map(inDocs),
      ...['native/README.md', 'bench/README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'],
    ],
  },
];

/** The categories of the reference, by the folder below `lib` that a symbol is in. */
const byFolder = {
  base: 'Servers and clients',
  connection: 'Connections',
  flow: 'Flow control',
  framing: 'Framing',
  events: 'Timers, signals, descriptors',
  common: 'Errors and values',
};

/** What stands in another room than a reader would look in. */
const bySymbol = {
  serve: 'Servers and clients',
  Listener: 'Servers and clients',
  ListenConfig: 'Servers and clients',
  ServeConfig: 'Servers and clients',
  SessionHandler: 'Servers and clients',
  Session: 'Servers and clients',
  ConnectConfig: 'Servers and clients',
  WhenSaturated: 'Flow control',
  startTls: 'TLS',
  enableDebugLogging: 'Diagnostics',
  versions: 'Diagnostics',
  Versions: 'Diagnostics',
  LogMessage: 'Diagnostics',
  EventBaseStats: 'Diagnostics',
  BaseOwner: 'Diagnostics',
  BaseOwnerMessage: 'Diagnostics',
  SessionErrorMessage: 'Diagnostics',
  TlsErrorMessage: 'Diagnostics',
  NativeStat: 'Diagnostics',
};

/** In the order of the navigation. */
export const categories = [
  ...guides.map(({ title }) => title),
  'Reference',
  ...Object.values(byFolder),
  'TLS',
  'Diagnostics',
];

/** The category of a symbol; undefined in the faces that are too small for categories. */
export function categoryOf(name, file) {
  const folder = /(?:^|\/)lib\/(\w+)\//.exec(file)?.[1];
  return bySymbol[name] ?? (/Tls/.test(name) && byFolder[folder] ? 'TLS' : byFolder[folder]);
}

function inDocs(name) {
  return `docs/${name}.md`;
}
