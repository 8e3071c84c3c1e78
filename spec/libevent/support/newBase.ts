import { EventBase, type EventBaseConfig } from 'rxjs-libevent';

/** A base that uses the method of the environment variable METHOD, or libevent's best. */
export function newBase(config: EventBaseConfig = {}): EventBase {
  const method = process.env['METHOD'];
  if (method === undefined || method === '') return new EventBase(config);
  const avoidMethods = EventBase.supportedMethods.filter((other) => other !== method);
  return new EventBase({ avoidMethods, ...config });
}
