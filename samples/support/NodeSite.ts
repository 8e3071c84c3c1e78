import { handTo, type ServerOfStreams } from '../pipelines/handTo';
import { Site } from './Site';

/** Where a server of Node's gets its connections from. */
export class NodeSite extends Site {
  /** Hands it the connections; `finish` is that of {@link Site.serve}. */
  run(server: ServerOfStreams, finish: () => void): void {
    this.serve(handTo(server), finish);
  }
}
