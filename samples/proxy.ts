/**
 * A TCP relay: every connection that is accepted gets one of its own to the target.
 *
 * Each end holds the other: who reads slowly slows down who sends, and no more than the watermarks
 * waits in between. A half-close passes as a half-close, a reset as a reset.
 */
import { proxy } from './pipelines/proxy';
import { hostAndPort } from './support/hostAndPort';
import { serverCommand, type ServerOptions } from './support/serverOptions';
import { Site } from './support/Site';

interface ProxyOptions extends ServerOptions {
  readonly to: ReturnType<typeof hostAndPort>;
}

const options = serverCommand('proxy', 'Relays every connection to a target.')
  .requiredOption('--to <host:port>', 'target', hostAndPort)
  .parse()
  .opts<ProxyOptions>();
const site = new Site(options);

site.serve((client) => proxy(client, site.base.connect(options.to)));
