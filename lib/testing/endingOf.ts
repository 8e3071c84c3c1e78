import { LibeventError } from '../common/LibeventError';
import type { Connection } from '../connection/Connection';
import type { Mark } from './Mark';
import type { VirtualTransport } from './VirtualTransport';

/**
 * How a connection has ended: `|` in order, with FIN both ways; `R` with an RST of ours; `!` destroyed,
 * before both sides had ended; or the error that it failed with.
 */
export function endingOf(frame: number, connection: Connection, transport: VirtualTransport): Mark {
  const { failure } = connection;
  if (transport.state === 'reset') return { frame, char: 'R', value: 'R' };
  if (failure instanceof LibeventError) return { frame, char: '#', value: failure };
  const char = transport.output === 'finished' && transport.input !== 'open' ? '|' : '!';
  return { frame, char, value: char };
}
