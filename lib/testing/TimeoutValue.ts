import type { TimeoutDirection } from '../connection/Timeouts';

/** A value that stands for a timeout of the connection instead of bytes. */
export class TimeoutValue {
  constructor(readonly direction: TimeoutDirection) {}
}

/**
 * In the values of a connection's marbles: nothing has come for too long, whatever the clock says.
 *
 * @see event2/bufferevent.h `BEV_EVENT_TIMEOUT`, `BEV_EVENT_READING`
 */
export const readTimeout = new TimeoutValue('read');

/**
 * In the values of a connection's marbles: nothing has left for too long, whatever the clock says.
 *
 * @see event2/bufferevent.h `BEV_EVENT_TIMEOUT`, `BEV_EVENT_WRITING`
 */
export const writeTimeout = new TimeoutValue('write');

/**
 * In the values of a connection's marbles: nothing has come or left for too long, whatever the clock
 * says.
 */
export const idleTimeout = new TimeoutValue('idle');
