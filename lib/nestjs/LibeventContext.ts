import { BaseRpcContext } from '@nestjs/microservices';
import type { Connection } from '../connection/Connection';

/** The context of a handler: `@Ctx() context: LibeventContext`. */
export class LibeventContext extends BaseRpcContext<[Connection, string]> {
  /** The connection that the message has come on. */
  getConnection(): Connection {
    return this.args[0];
  }

  /** The name of the pattern. */
  getPattern(): string {
    return this.args[1];
  }
}
