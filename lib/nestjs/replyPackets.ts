import type { WritePacket } from '@nestjs/microservices';
import { Observable } from 'rxjs';
import { HeldOutput } from '../flow/HeldOutput';
import { Intake } from '../flow/Intake';
import { type Holdable, HoldSet, currentSource } from '../flow/Source';

/**
 * What a handler's Observable answers, as packets: the last one says `isDisposed`, as Nest does it. A value
 * waits for the end of the tick, so that one that is the last is known to be. An error is the last packet.
 *
 * A hold on the packets is a hold on the handler's source.
 */
export function replyPackets(source: Observable<unknown>): Observable<WritePacket> {
  return new Observable((subscriber) => {
    const upstream = new HoldSet('LibeventServer');
    let latest: Holdable | undefined;
    let waiting: WritePacket | undefined;
    let state: 'open' | 'ended' = 'open';
    const output = new HeldOutput<WritePacket>(subscriber, {
      held: () => {
        upstream.hold(latest);
      },
      free: () => {
        upstream.releaseAll();
      },
    });
    const flush = (): void => {
      const packet = waiting;
      waiting = undefined;
      if (packet !== undefined) output.next(packet);
    };
    const end = (last: WritePacket): void => {
      state = 'ended';
      flush();
      output.next(last);
      output.complete();
    };
    const intake = new Intake<unknown>({
      next: (response) => {
        latest = currentSource();
        if (waiting === undefined) {
          process.nextTick(() => {
            if (state === 'open') output.context.runInAsyncScope(flush);
          });
        } else flush();
        waiting = { response };
        if (output.busy) upstream.hold(latest);
      },
      error: (err: unknown) => {
        end({ err, isDisposed: true });
      },
      complete: () => {
        const last = waiting ?? {};
        waiting = undefined;
        end({ ...last, isDisposed: true });
      },
    });
    subscriber.add(() => {
      state = 'ended';
      intake.unsubscribe();
      output.close();
      upstream.releaseAll();
    });
    source.subscribe(intake);
  });
}
