import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as rxjs from 'rxjs';
import * as library from 'rxjs-libevent';
import * as testing from 'rxjs-libevent/testing';
import ts from 'typescript';
import { client } from '../../samples/pipelines/client';
import { proxy } from '../../samples/pipelines/proxy';
import { rot13 } from '../../samples/pipelines/rot13';
import { marbles } from './support/marbles';

const GUIDE = join(__dirname, '../../docs/testing.md');

describe('docs/testing.md', () => {
  const examples = [...readFileSync(GUIDE, 'utf8').matchAll(/^```ts\n(.*?)^```/gms)]
    .map(([, source = '']) => source)
    // Two show no test: how to name the assertion function, and what a recording looks like.
    .filter((source) => /marbles\(|simulate\(/.test(source) && !source.includes('goes here'));

  it('has examples', () => {
    expect(examples.length).toBeGreaterThanOrEqual(8);
  });

  it.each(examples)('has an example that passes: %#', (source) => {
    const body = ts.transpile(source.replace(/^import .*$/gm, ''), {
      target: ts.ScriptTarget.ES2022,
    });
    let asserted = 0;
    const names = {
      ...rxjs,
      ...library,
      ...testing,
      ...{ client, expect, proxy, rot13 },
      simulate: (config: testing.SimulateConfig, system: testing.SimulatedSystem) => {
        asserted += 1;
        return testing.simulate(config, system);
      },
      it: (_behaviour: string, test: () => void) => {
        test();
      },
      marbles: (test: (helpers: testing.MarbleHelpers) => unknown) => {
        marbles(test);
        asserted += 1;
      },
    };
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the guide is source text
    const run = new Function(...Object.keys(names), body) as (...values: unknown[]) => void;
    run(...Object.values(names));
    expect(asserted).toBeGreaterThan(0);
  });
});
