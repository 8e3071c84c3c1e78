/**
 * Ends TLS in front of servers that speak plain TCP: which one, says the name that a client asks for.
 *
 * `--route NAME=HOST:PORT`, any number of times; the first is also for clients that ask for no name.
 * A name's certificate and key are NAME.pem and NAME.key in the folder `--certificates`. SIGHUP reads
 * them again: new handshakes get the new ones, and no connection is dropped.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeUntil } from 'rxjs';
import { proxy } from './pipelines/proxy';
import { hostAndPort } from './support/hostAndPort';
import { interrupted } from './support/interrupted';
import { serverCommand, type ServerOptions } from './support/serverOptions';
import { Site } from './support/Site';

type Routes = ReadonlyMap<string, ReturnType<typeof hostAndPort>>;

interface Options extends ServerOptions {
  readonly route: Routes;
  readonly certificates: string;
}

function addRoute(text: string, routes: Routes = new Map()): Routes {
  const [name = '', target = ''] = text.split('=');
  return new Map([...routes, [name, hostAndPort(target)]]);
}

const options = serverCommand('tls-proxy', 'Ends TLS in front of plain servers.')
  .requiredOption('--route <name=host:port>', 'where a name goes; again for another', addRoute)
  .requiredOption('--certificates <folder>', 'of NAME.pem and NAME.key')
  .parse()
  .opts<Options>();
const { route, certificates } = options;
const [first = ''] = route.keys();

/** The same objects until they are read again, so that each is one context. */
const read = () => {
  const file = (name: string) => readFileSync(join(certificates, name));
  const pairs = [...route.keys()].map((name) => {
    return [name, { cert: file(`${name}.pem`), key: file(`${name}.key`) }] as const;
  });
  return new Map(pairs);
};
let contexts = read();

/** Of a name that has passed `sni`. */
function targetOf(name = first): ReturnType<typeof hostAndPort> {
  return route.get(name) as ReturnType<typeof hostAndPort>;
}

const site = new Site(options, {
  // Null refuses a name that is nobody's.
  tls: { ...contexts.get(first), sni: (name) => contexts.get(name === '' ? first : name) ?? null },
});

site.base
  .signal('SIGHUP')
  .pipe(takeUntil(interrupted()))
  .subscribe(() => {
    try {
      contexts = read();
      console.log('certificates have been read');
    } catch (error) {
      // Those that are in use stay.
      site.live.say(error);
    }
  });

site.serve((client) => proxy(client, site.base.connect(targetOf(client.tls?.servername))));
