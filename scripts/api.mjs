// node scripts/api.mjs [--fix]: the public face as it is written down in docs/api, one file for each entry of the
// package. Fails if a change has altered it; with --fix it is written anew, for the review of the change.
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { setUp } from './setup/index.mjs';
import { root } from './setup/paths.mjs';

const fix = process.argv.includes('--fix');

setUp();

const reportFolder = join(root, 'docs/api');
const reportTempFolder = join(root, '.build/api');
mkdirSync(reportFolder, { recursive: true });
mkdirSync(reportTempFolder, { recursive: true });

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.values(exports).flatMap(({ types }) => types ?? []);
if (entries.length === 0) throw new Error('api: package.json exports no types');
const altered = entries.filter((types) => {
  const name = basename(types, '.d.ts');
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, types),
      newlineKind: 'lf',
      compiler: { tsconfigFilePath: join(root, 'tsconfig.build.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder,
        reportTempFolder,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        // TypeDoc looks at comments, and at what is not exported.
        tsdocMessageReporting: { default: { logLevel: 'none' } },
        extractorMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: fix,
    messageCallback: (message) => {
      message.handled = true;
    },
  });
  if (apiReportChanged)
    console.log(`api: docs/api/${name}.api.md ${fix ? 'is written' : 'differs'}`);
  return apiReportChanged;
});

if (altered.length > 0 && !fix) {
  console.error('api: the public face has changed; if it should: npm run api -- --fix');
  process.exitCode = 1;
}
