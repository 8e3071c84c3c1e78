import type { ReadableByteStreamController, UnderlyingByteSource } from 'node:stream/web';
import { byteLengthOf, copyBytes, copyOf } from '../common/bytes';
import { LibeventError } from '../common/LibeventError';
import type { Connection } from '../connection/Connection';
import { Intake } from '../flow/Intake';
import type { Release } from '../flow/Source';

/** The input of a connection as the source of a Web byte stream. */
export class WebInput implements UnderlyingByteSource {
  readonly type = 'bytes';
  private intake: Intake<Uint8Array> | undefined;
  private controller: ReadableByteStreamController | undefined;
  private release: Release | undefined;
  /** The most bytes that wait in the stream: what it wants when it is empty. */
  private emptyBytes = 0;
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly onCancelled: () => void,
  ) {}

  start(controller: ReadableByteStreamController): void {
    this.controller = controller;
    this.emptyBytes = controller.desiredSize ?? 0;
  }

  pull(): void {
    if (this.failure !== undefined) {
      this.failIfRead();
      return;
    }
    const { release } = this;
    this.release = undefined;
    release?.();
    if (this.intake === undefined) this.subscribe();
  }

  cancel(): void {
    this.intake?.unsubscribe();
    this.release?.();
    this.onCancelled();
  }

  private subscribe(): void {
    const { input } = this.connection.core;
    this.intake = new Intake<Uint8Array>({
      next: (bytes) => {
        this.give(bytes);
      },
      error: (error) => {
        this.fail(error);
      },
      complete: () => {
        if (input.whole) this.close();
        else this.fail(this.connection.failure ?? cut());
      },
    });
    input.subscribe(this.intake, true);
  }

  /** @param borrowed - valid during the call: copied to where the reader wants it, or for the queue */
  private give(borrowed: Uint8Array): void {
    const controller = this.controller as ReadableByteStreamController;
    const request = controller.byobRequest;
    let rest = borrowed;
    if (request?.view) {
      const { buffer, byteOffset, byteLength } = request.view;
      const bytes = Math.min(byteLength, byteLengthOf(rest));
      copyBytes(rest.subarray(0, bytes), new Uint8Array(buffer, byteOffset, bytes), 0);
      rest = rest.subarray(bytes);
      request.respond(bytes);
    }
    if (byteLengthOf(rest) > 0) controller.enqueue(copyOf(rest));
    if ((controller.desiredSize ?? 0) <= 0 && this.intake?.closed !== true) {
      this.release ??= this.connection.hold('toWebStreams');
    }
  }

  private close(): void {
    const controller = this.controller as ReadableByteStreamController;
    controller.close();
    // A reader that waits with a view of its own gets it back.
    controller.byobRequest?.respond(0);
  }

  private fail(error: unknown): void {
    this.failure = { error };
    this.failIfRead();
  }

  /** An error throws away what the stream has not given yet: it comes behind that. */
  private failIfRead(): void {
    const { failure, controller } = this;
    if (failure === undefined || (controller?.desiredSize ?? 0) < this.emptyBytes) return;
    queueMicrotask(() => {
      controller?.error(failure.error);
    });
  }
}

/** Somebody has ended the connection before its peer had. */
function cut(): LibeventError {
  const detail = 'the connection was closed before its peer had ended';
  return new LibeventError('ECONNABORTED', 'read', { detail });
}
