/**
 * A mail server that throws everything away, with STARTTLS: `openssl s_client -starttls smtp -quiet
 * -connect 127.0.0.1:40713`, then EHLO, MAIL, RCPT, DATA, QUIT.
 *
 * Mail is taken once the connection is secured, with a certificate that lasts a day. A client
 * that sends commands behind STARTTLS without waiting for its answer is reset: they would be taken for
 * encrypted.
 */
import { skip, takeUntil, tap } from 'rxjs';
import { EventBase, serve } from 'rxjs-libevent';
import { starttls } from './pipelines/starttls';
import { interrupted } from './support/interrupted';
import { LiveLine } from './support/LiveLine';
import { selfSigned } from './support/selfSigned';
import { serverOptions } from './support/serverOptions';

const { host, port, threads } = serverOptions('starttls', 'Takes mail, and throws it away.');
const base = new EventBase({ threads });
const listener = base.listen({ host, port });
const live = new LiveLine(base, listener);
const stop = interrupted();

listener
  .pipe(
    tap(live.connection),
    serve(starttls(selfSigned()), {
      onError: live.say,
      shutdown: stop.pipe(tap(live.finishing)),
    }),
    takeUntil(stop.pipe(skip(1))),
  )
  .subscribe(live.end);
