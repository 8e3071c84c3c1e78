import type { Acceptor, AcceptorHandler } from '../connection/Acceptor';
import { laterTurn } from '../flow/laterTurn';
import { closedBaseError } from './closedBaseError';

/** What listens on a base that has been closed: nothing, and it says so. */
export function closedAcceptor(handler: AcceptorHandler): Acceptor {
  laterTurn(() => {
    handler.onFailed(closedBaseError('listen'));
  });
  const nothing = (): void => undefined;
  return { accept: nothing, credit: nothing, reference: nothing, finish: nothing, close: nothing };
}
