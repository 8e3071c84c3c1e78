import { NEVER, type Subscription } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import type { AddressInfo } from '../../lib/common/AddressInfo';
import { LibeventError } from '../../lib/common/LibeventError';
import { connectOptions, type ConnectConfig } from '../../lib/connection/ConnectConfig';
import { connectWith } from '../../lib/connection/connectWith';
import type { Connection } from '../../lib/connection/Connection';
import type { Connector, ConnectorHandler } from '../../lib/connection/Connector';

const ADDRESSES: AddressInfo[] = [
  { family: 'IPv6', address: '::1', port: 7 },
  { family: 'IPv6', address: '::2', port: 7 },
  { family: 'IPv4', address: '10.0.0.1', port: 7 },
];

/** What was asked of a connector, and when, in frames of virtual time. */
class ScriptedConnector implements Connector {
  handler!: ConnectorHandler;
  readonly asked: string[] = [];
  /** What is being tried, in the order of its beginning. */
  readonly tried: AddressInfo[] = [];

  constructor(private readonly scheduler: TestScheduler) {}

  lookup(host: string): void {
    this.note(`lookup ${host}`);
  }

  get latest(): AddressInfo {
    return this.tried.at(-1) as AddressInfo;
  }

  connect(address: AddressInfo): void {
    this.tried.push(address);
    this.note(`connect ${address.address}`);
  }

  cancel(): void {
    this.note('cancel');
  }

  private note(what: string): void {
    this.asked.push(`${this.scheduler.now()} ${what}`);
  }
}

interface Run {
  readonly connector: ScriptedConnector;
  readonly values: Connection[];
  readonly errors: LibeventError[];
  readonly subscription: Subscription;
  at(frame: number, act: (handler: ConnectorHandler) => void): void;
}

/** Runs a connect in virtual time, to its end. */
function run(config: ConnectConfig, script: (run: Run) => void): Run {
  const scheduler = new TestScheduler(() => {});
  return scheduler.run(({ flush }) => {
    const connector = new ScriptedConnector(scheduler);
    const values: Connection[] = [];
    const errors: LibeventError[] = [];
    const subscription = connectWith(connectOptions(config), (handler) => {
      connector.handler = handler;
      return connector;
    }).subscribe({
      next: (connection) => values.push(connection),
      error: (error: LibeventError) => errors.push(error),
    });
    const result: Run = {
      connector,
      values,
      errors,
      subscription,
      at: (frame, act) => {
        scheduler.schedule(() => {
          act(connector.handler);
        }, frame);
      },
    };
    script(result);
    flush();
    return result;
  });
}

const refused = new LibeventError('ECONNREFUSED', 'connect');

describe('connectWith', () => {
  it('tries the next address when one fails, the families by turns', () => {
    const { connector, errors } = run({ host: 'name', port: 7 }, ({ at, connector }) => {
      at(5, (handler) => {
        handler.onFound(ADDRESSES);
      });
      for (const frame of [10, 20, 30]) {
        at(frame, (handler) => {
          handler.onFailed(connector.latest, refused);
        });
      }
    });
    expect(connector.asked).toEqual([
      '0 lookup name',
      '5 connect ::1',
      '10 connect 10.0.0.1',
      '20 connect ::2',
      '30 cancel',
    ]);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ code: 'ECONNREFUSED', errors: [refused, refused, refused] });
  });

  it('tries the next address after attemptDelayMs, while the ones before go on', () => {
    const config = { host: 'name', port: 7, attemptDelayMs: 100, connectTimeoutMs: 1000 };
    const { connector, errors } = run(config, ({ at }) => {
      at(5, (handler) => {
        handler.onFound(ADDRESSES);
      });
    });
    expect(connector.asked).toEqual([
      '0 lookup name',
      '5 connect ::1',
      '105 connect 10.0.0.1',
      '205 connect ::2',
      '1000 cancel',
    ]);
    expect(errors[0]).toMatchObject({ code: 'ETIMEDOUT', address: '::2', port: 7 });
    expect(errors[0]?.errors?.map(({ address }) => address)).toEqual(['::1', '10.0.0.1', '::2']);
    expect(errors[0]?.errors?.every(({ message }) => message.includes('1000 ms'))).toBe(true);
  });

  it('counts attemptDelayMs from the latest attempt, and waits for all that are under way', () => {
    const config = { host: 'name', port: 7, attemptDelayMs: 100 };
    const late = new LibeventError('ETIMEDOUT', 'connect');
    const { connector, errors } = run(config, ({ at, connector: { tried } }) => {
      at(5, (handler) => {
        handler.onFound(ADDRESSES);
      });
      // The second begins at 105, the third when the second fails, and the first fails last.
      at(150, (handler) => {
        handler.onFailed(tried[1] as AddressInfo, refused);
      });
      at(400, (handler) => {
        handler.onFailed(tried[2] as AddressInfo, refused);
      });
      at(9000, (handler) => {
        handler.onFailed(tried[0] as AddressInfo, late);
      });
    });
    expect(connector.asked).toEqual([
      '0 lookup name',
      '5 connect ::1',
      '105 connect 10.0.0.1',
      '150 connect ::2',
      '9000 cancel',
    ]);
    expect(errors[0]).toMatchObject({ code: 'ETIMEDOUT', errors: [refused, refused, late] });
  });

  it('takes the first to connect, the slow first address too, and cancels the others', () => {
    const config = { host: 'name', port: 7, attemptDelayMs: 100, connectTimeoutMs: 1000 };
    const connection = { whenClosed: NEVER, close: () => {} } as unknown as Connection;
    const { connector, errors, values } = run(config, ({ at }) => {
      at(5, (handler) => {
        handler.onFound(ADDRESSES);
      });
      at(180, (handler) => {
        handler.onConnected(connection);
      });
    });
    expect(connector.asked).toEqual([
      '0 lookup name',
      '5 connect ::1',
      '105 connect 10.0.0.1',
      '180 cancel',
    ]);
    expect([values, errors]).toEqual([[connection], []]);
  });

  it('waits for ever for a single address, if nothing else is set', () => {
    const { connector, errors } = run({ host: '::1', port: 7 }, () => {});
    expect([connector.asked, errors]).toEqual([['0 connect ::1'], []]);
  });

  it('counts the look-up in connectTimeoutMs', () => {
    const config = { host: 'name', port: 7, connectTimeoutMs: 50 };
    const { connector, errors } = run(config, () => {});
    expect(connector.asked).toEqual(['0 lookup name', '50 cancel']);
    expect(errors[0]).toMatchObject({ code: 'ETIMEDOUT', address: 'name', port: 7 });
  });

  it('gives up what is under way, and its timers, when the subscriber leaves', () => {
    const config = { host: 'name', port: 7, attemptDelayMs: 100, connectTimeoutMs: 1000 };
    const { connector, errors } = run(config, ({ at, subscription }) => {
      at(5, (handler) => {
        handler.onFound(ADDRESSES);
      });
      at(50, () => {
        subscription.unsubscribe();
      });
    });
    expect(connector.asked).toEqual(['0 lookup name', '5 connect ::1', '50 cancel']);
    expect(errors).toEqual([]);
  });

  it('connects to a path without a look-up', () => {
    const { connector } = run({ path: '/run/socket' }, () => {});
    expect(connector.asked).toEqual(['0 connect /run/socket']);
  });
});
