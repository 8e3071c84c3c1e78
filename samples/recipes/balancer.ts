/**
 * A load balancer: `--to HOST:PORT`, once for each server. Each connection goes to the server with the
 * fewest of those that pass the health check. With --accept-proxy clients come through another proxy,
 * which says where from (PROXY protocol, version 1 or 2); with --send-proxy the servers get it, too.
 */
import { map, of, switchMap, take, takeUntil } from 'rxjs';
import { frames } from 'rxjs-libevent';
import { Balancer, type Target } from '../pipelines/Balancer';
import { parseProxyHeader, proxyHeader } from '../pipelines/proxyProtocol';
import { hostAndPort } from '../support/hostAndPort';
import { interrupted } from '../support/interrupted';
import { serverCommand, type ServerOptions, wholeNumber } from '../support/serverOptions';
import { Site } from '../support/Site';

interface BalancerOptions extends ServerOptions {
  readonly to: readonly Target[];
  readonly acceptProxy?: true;
  readonly sendProxy?: true;
  readonly checkMs: number;
}

const add = (text: string, targets: readonly Target[] = []) => [...targets, hostAndPort(text)];
const options = serverCommand('balancer', 'Relays each connection to one of several servers.')
  .requiredOption('--to <host:port>', 'a server; again for another', add)
  .option('--accept-proxy', 'clients begin with a PROXY header')
  .option('--send-proxy', 'servers get a PROXY header')
  .option('--check-ms <number>', 'between two health checks', wholeNumber(1, 3_600_000), 1000)
  .parse()
  .opts<BalancerOptions>();
const site = new Site(options, { idleTimeoutMs: 300_000 });
const balancer = new Balancer(site.base, options.to, site.live.say);

const ownHeader = options.sendProxy ? proxyHeader({}) : '';

balancer.check(options.checkMs, ownHeader).pipe(takeUntil(interrupted())).subscribe();

site.serve((client) => {
  const itself = { source: client.remoteAddress, destination: client.localAddress };
  const come = options.acceptProxy
    ? client.pipe(frames(parseProxyHeader, { maxLength: 4096 }), take(1))
    : of(itself);
  return come.pipe(
    map((header) => (options.sendProxy ? proxyHeader(header) : '')),
    switchMap((header) => balancer.balance(client, header)),
  );
});
