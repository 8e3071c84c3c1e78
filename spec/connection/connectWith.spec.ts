import type { Subscription } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import type { AddressInfo } from '../../lib/common/AddressInfo';
import { LibeventError } from '../../lib/common/LibeventError';
import { connectOptions, type ConnectConfig } from '../../lib/connection/ConnectConfig';
import { connectWith } from '../../lib/connection/connectWith';
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

  constructor(private readonly scheduler: TestScheduler) {}

  lookup(host: string): void {
    this.note(`lookup ${host}`);
  }

  connect({ address }: AddressInfo): void {
    this.note(`connect ${address}`);
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
  readonly errors: LibeventError[];
  readonly subscription: Subscription;
  at(frame: number, act: (handler: ConnectorHandler) => void): void;
}

/** Runs a connect in virtual time, to its end. */
function run(config: ConnectConfig, script: (run: Run) => void): Run {
  const scheduler = new TestScheduler(() => {});
  return scheduler.run(({ flush }) => {
    const connector = new ScriptedConnector(scheduler);
    const errors: LibeventError[] = [];
    const subscription = connectWith(connectOptions(config), (handler) => {
      connector.handler = handler;
      return connector;
    }).subscribe({ error: (error: LibeventError) => errors.push(error) });
    const result: Run = {
      connector,
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
    const { connector, errors } = run({ host: 'name', port: 7 }, ({ at }) => {
      at(5, (handler) => {
        handler.onFound(ADDRESSES);
      });
      for (const frame of [10, 20, 30]) {
        at(frame, (handler) => {
          handler.onFailed(refused);
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

  it('gives an address attemptTimeoutMs, and the last one what is left of connectTimeoutMs', () => {
    const config = { host: 'name', port: 7, attemptTimeoutMs: 100, connectTimeoutMs: 1000 };
    const { connector, errors } = run(config, ({ at }) => {
      at(5, (handler) => {
        handler.onFound(ADDRESSES);
      });
    });
    expect(connector.asked).toEqual([
      '0 lookup name',
      '5 connect ::1',
      '105 cancel',
      '105 connect 10.0.0.1',
      '205 cancel',
      '205 connect ::2',
      '1000 cancel',
    ]);
    expect(errors[0]).toMatchObject({ code: 'ETIMEDOUT', address: '::2', port: 7 });
    expect(errors[0]?.errors?.map(({ address }) => address)).toEqual(['::1', '10.0.0.1', '::2']);
    expect(errors[0]?.errors?.[0]?.message).toContain('100 ms');
    expect(errors[0]?.errors?.[2]?.message).toContain('1000 ms');
  });

  it('waits for ever for a single address, if it is not told otherwise', () => {
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
    const config = { host: 'name', port: 7, attemptTimeoutMs: 100, connectTimeoutMs: 1000 };
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
