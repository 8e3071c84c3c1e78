import { AsyncResource } from 'node:async_hooks';
import type { TlsOptions } from './TlsConfig';

/** The same options, whose functions are called in the asynchronous context of this call. */
export function withContext<Options extends TlsOptions>(options: Options): Options;
export function withContext(options: TlsOptions): TlsOptions {
  const { keylog } = options;
  const next = keylog && AsyncResource.bind(keylog.next.bind(keylog));
  const bound = { ...options, keylog: next && { next } };
  if (bound.role === 'client') {
    return { ...bound, checkServerIdentity: AsyncResource.bind(bound.checkServerIdentity) };
  }
  return bound.sni === undefined ? bound : { ...bound, sni: AsyncResource.bind(bound.sni) };
}
