import type { Harness } from './Harness';
import { OF_THE_SYSTEM, SocketHarness } from './SocketHarness';
import { TlsHarness } from './TlsHarness';
import { VirtualHarness } from './VirtualHarness';
import { accepting } from './accepting';
import { connecting } from './connecting';
import { edges } from './edges';
import { ending } from './ending';
import { endsTell } from './endsTell';
import { holding } from './holding';
import { holdsEnd } from './holdsEnd';
import { idling } from './idling';
import { notifying } from './notifying';
import { reading } from './reading';
import { relaying } from './relaying';
import { sessions } from './sessions';
import { writing } from './writing';

// Tens of megabytes go through some of them.
jest.setTimeout(60_000);

// Under a limit that nobody reaches libevent reads and writes, not the direct path.
const rateLimit = { readBytesPerSecond: 2 ** 33, writeBytesPerSecond: 2 ** 33, tickMs: 10 };
const harnesses: readonly Harness[] = [
  new VirtualHarness(),
  new SocketHarness('real sockets'),
  new SocketHarness('rate-limited sockets', { rateLimit }, OF_THE_SYSTEM),
  new TlsHarness('node'),
];

// Written once and run over all: where they differ, the marble kit is wrong, or the core.
describe.each(harnesses)('a connection over $name', (harness) => {
  const run = (behaviour: string, body: () => Promise<void>): void => {
    if (harness.unseen?.includes(behaviour)) return;
    it(behaviour, () => harness.run(body));
  };
  for (const group of [
    reading,
    holding,
    holdsEnd,
    writing,
    edges,
    ending,
    endsTell,
    idling,
    accepting,
    connecting,
    relaying,
    sessions,
    notifying,
  ]) {
    group(harness, run);
  }
});
