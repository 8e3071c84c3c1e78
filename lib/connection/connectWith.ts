import { Observable } from 'rxjs';
import { checkFunction } from '../common/check';
import { inSubscriberContext } from '../common/inSubscriberContext';
import type { Connection } from './Connection';
import type { ConnectOptions } from './ConnectConfig';
import { Connecting } from './Connecting';
import type { OpenConnector } from './Connector';
import { connectSession, type Session } from './connectSession';

/** The Observable behind `connect`, over a connector of any kind. */
export function connectWith<T = Connection>(
  options: ConnectOptions,
  openConnector: OpenConnector,
  session?: Session<T>,
): Observable<T> {
  const connections = inSubscriberContext(
    new Observable<Connection>((subscriber) => {
      const connecting = new Connecting(subscriber, options, openConnector);
      subscriber.add(() => {
        connecting.close();
      });
      connecting.start();
    }),
  );
  // Without a session the connection itself is what is emitted.
  if (session === undefined) return connections as Observable<T & Connection>;
  checkFunction('session', session);
  return connectSession(connections, session, options.closeDeadlineMs);
}
