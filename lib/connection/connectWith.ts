import { Observable } from 'rxjs';
import { inSubscriberContext } from '../common/inSubscriberContext';
import type { Connection } from './Connection';
import type { ConnectOptions } from './ConnectConfig';
import { Connecting } from './Connecting';
import type { OpenConnector } from './Connector';

/** The Observable behind `connect`, over a connector of any kind. */
export function connectWith(
  options: ConnectOptions,
  openConnector: OpenConnector,
): Observable<Connection> {
  return inSubscriberContext(
    new Observable((subscriber) => {
      const connecting = new Connecting(subscriber, options, openConnector);
      subscriber.add(() => {
        connecting.close();
      });
      connecting.start();
    }),
  );
}
