import { AsyncResource } from 'node:async_hooks';
import type { TlsOptions } from './TlsConfig';

/** The same options, whose functions are called in the asynchronous context of this call. */
export function withContext<Options extends TlsOptions>(options: Options): Options;
export function withContext(options: TlsOptions): TlsOptions {
  if (options.role === 'client') {
    return { ...options, checkServerIdentity: AsyncResource.bind(options.checkServerIdentity) };
  }
  return options.sni === undefined ? options : { ...options, sni: AsyncResource.bind(options.sni) };
}
