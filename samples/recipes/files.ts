/**
 * Files, up and down, each with its sha256: a server that keeps them in `--folder`. A connection is one
 * command, `get NAME` or `put BYTES SHA256 NAME`.
 */
import { fileSession } from '../pipelines/fileSession';
import { serverCommand, type ServerOptions } from '../support/serverOptions';
import { Site } from '../support/Site';

interface FilesOptions extends ServerOptions {
  readonly folder: string;
}

const options = serverCommand('files', 'Keeps files.')
  .requiredOption('--folder <path>', 'where they are')
  .parse()
  .opts<FilesOptions>();

// A client that has sent its file may say so with FIN: the answer still comes.
new Site(options, { allowHalfOpen: true, idleTimeoutMs: 60_000 }).serve((conn) =>
  fileSession(conn, options.folder),
);
