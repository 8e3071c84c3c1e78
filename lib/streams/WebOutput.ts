import type { UnderlyingSink, WritableStreamDefaultController } from 'node:stream/web';
import type { Chunk } from '../common/Chunk';
import type { Connection } from '../connection/Connection';
import { notWritable } from '../connection/notWritable';
import { StreamOutput } from './StreamOutput';

/** The output of a connection as the sink of a Web stream. */
export class WebOutput implements UnderlyingSink<Chunk> {
  private readonly output: StreamOutput;
  private controller: WritableStreamDefaultController | undefined;
  /** Close: the reader has gone, so the connection closes when the output has ended. */
  private whenEnded: 'stay' | 'close' = 'stay';
  private state: 'open' | 'ended' = 'open';
  /** A write or the end that is under way. */
  private reject: ((error: unknown) => void) | undefined;

  constructor(private readonly connection: Connection) {
    this.output = new StreamOutput(connection);
  }

  start(controller: WritableStreamDefaultController): void {
    this.controller = controller;
    this.connection.core.listen(this);
  }

  async write(chunk: Chunk): Promise<void> {
    const { encoding } = this.connection.core;
    try {
      await this.settled((done) => {
        this.output.write([{ chunk, encoding }], done);
      });
    } catch (error) {
      // The stream has failed for good, and its sink is not asked to abort.
      this.abort(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.settled((done) => {
      this.output.finish(done);
    });
    this.end();
  }

  abort(reason: unknown): void {
    if (this.state === 'ended') return;
    this.output.stop();
    this.state = 'ended';
    this.connection.error(reason);
  }

  /** The reader has gone. */
  closeWhenEnded(): void {
    this.whenEnded = 'close';
    if (this.state === 'ended') this.connection.close();
  }

  /** The connection is gone. */
  onClosed(): void {
    if (this.state === 'ended') return;
    const { core } = this.connection;
    const error = core.output.failure ?? core.failure ?? notWritable();
    this.output.stop();
    this.state = 'ended';
    this.controller?.error(error);
    this.reject?.(error);
  }

  private end(): void {
    this.output.stop();
    this.state = 'ended';
    if (this.whenEnded === 'close') this.connection.close();
  }

  private settled(work: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.reject = reject;
      work((error) => {
        this.reject = undefined;
        if (error) reject(error);
        else resolve();
      });
    });
  }
}
