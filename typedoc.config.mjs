// The site that `npm run docs` writes: the reference from the comments of lib, and the guides beside it.
import { categories, guides } from './scripts/site/contents.mjs';
import { drawDiagrams } from './scripts/site/drawDiagrams.mjs';
import { site } from './scripts/site/site.mjs';

export default {
  tsconfig: 'tsconfig.build.json',
  name: 'rxjs-libevent',
  entryPoints: ['index', 'streams', 'testing', 'nestjs', 'eslint'].map((name) => `lib/${name}.ts`),
  projectDocuments: guides.flatMap(({ files }) => files),
  out: '.build/docs',
  plugin: [site],
  customJs: 'scripts/site/browser.js',
  customCss: 'scripts/site/site.css',
  markdownItLoader: drawDiagrams,
  ignoredHighlightLanguages: ['mermaid'],
  highlightLanguages: ['ts', 'js', 'bash', 'json', 'yaml', 'toml', 'c', 'mermaid'],
  disableGit: true,
  basePath: '.',
  sourceLinkTemplate: '../source/lib/{path}.html#L{line}',
  readme: 'README.md',
  searchInDocuments: true,
  sortEntryPoints: false,
  sort: ['kind', 'instance-first', 'alphabetical-ignoring-documents'],
  categorizeByGroup: false,
  categoryOrder: [...categories, '*'],
  navigation: { includeCategories: true, includeGroups: false, includeFolders: false },
  excludeInternal: true,
  excludeExternals: true,
  excludePrivate: true,
  intentionallyNotExported: ['Tables'],
  treatWarningsAsErrors: true,
};
