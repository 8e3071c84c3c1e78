import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { CommentTag, Comment, Converter, ReflectionKind, RendererEvent } from 'typedoc';
import { filesIn } from '../setup/stamp.mjs';
import { root } from '../setup/paths.mjs';
import { categoryOf, guides } from './contents.mjs';

/** What the site has beyond TypeDoc's own: titles, categories, diagrams, and the sources that it links to. */
export function site(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, nameGuide);
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (reflection.kindOf(ReflectionKind.Module)) nameModule(reflection);
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
      addCategory(module, 'Reference');
      for (const child of module.children ?? []) categorise(child);
    }
    // What is inherited from elsewhere has no page of its source here.
    for (const { sources } of project.getReflectionsByKind(ReflectionKind.All)) {
      const foreign = sources?.findIndex(({ fullFileName }) => /node_modules/.test(fullFileName));
      if (foreign >= 0) sources.splice(foreign, 1);
    }
  });
  app.converter.on(
    Converter.EVENT_RESOLVE_BEGIN,
    ({ project }) => {
      project.readme = project.readme.flatMap((part) => linked(part, project.files));
    },
    // TypeDoc itself reads it in this event.
    -100,
  );
  app.renderer.on(RendererEvent.END, ({ outputDirectory }) => {
    const mermaid = join(root, 'node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js');
    copyFileSync(mermaid, join(outputDirectory, 'assets/mermaid.js'));
    for (const file of filesIn('lib', /\.ts$/)) writeSource(file, join(outputDirectory, 'source'));
  });
}

/** A guide is called by its first heading; its category is that of the contents. */
function nameGuide(_context, document) {
  document.name = titleIn(document.content.map(({ text }) => text).join(''));
  const guide = guides.find(({ files }) => files.some((file) => titleOf(file) === document.name));
  addCategory(document, guide.title);
}

function titleOf(file) {
  return titleIn(readFileSync(join(root, file), 'utf8'));
}

function titleIn(text) {
  return /^# (.+)$/m.exec(text)[1].replaceAll('`', '');
}

/** README names files, since npm knows no place to link to; here they are pages. */
function linked(part, files) {
  const file = part.kind === 'code' && /^`((?:docs\/)?[\w-]+\.md)`$/.exec(part.text)?.[1];
  if (!file) return [part];
  const { target } = files.register(join(root, 'README.md'), file);
  const link = { kind: 'relative-link', text: file, target };
  return [
    { kind: 'text', text: '[' },
    part,
    { kind: 'text', text: '](' },
    link,
    { kind: 'text', text: ')' },
  ];
}

function nameModule(module) {
  const face = /^(?:lib\/?)?(?:index)?(\w*)$/.exec(module.name)[1];
  module.name = face === '' ? 'rxjs-libevent' : `rxjs-libevent/${face}`;
}

function categorise(reflection) {
  const file = reflection.sources?.[0]?.fullFileName;
  const category = file && categoryOf(reflection.name, file);
  if (!category) return;
  for (const documented of reflection.signatures ?? [reflection]) {
    addCategory(documented, category);
  }
}

function addCategory(reflection, category) {
  reflection.comment ??= new Comment();
  reflection.comment.blockTags.push(
    new CommentTag('@category', [{ kind: 'text', text: category }]),
  );
}

/** A source as a page whose lines can be linked to. */
function writeSource(file, folder) {
  const name = relative(root, file);
  const page = join(folder, `${name}.html`);
  const lines = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line, index) => `<span id="L${index + 1}">${escaped(line)}</span>`);
  mkdirSync(dirname(page), { recursive: true });
  writeFileSync(
    page,
    `<!doctype html><meta charset="utf-8"><title>${basename(file)}</title>` +
      '<style>:root{color-scheme:light dark}:target{background:#8884}</style>' +
      `<h1>${name}</h1><pre>${lines.join('\n')}</pre>\n`,
  );
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
