import { native } from '../native';

/** What runs, in numbers. */
export interface Versions {
  /** Of libevent, as `'2.1.12-stable'`. */
  readonly libevent: string;
  /** `'system'`: the system's shared library. `'prebuilt'`: the one inside the addon that came with the package. */
  readonly libeventFrom: 'system' | 'prebuilt';
  /** Of Node's OpenSSL, which TLS uses. Undefined where there is none that the addon can reach. */
  readonly openssl: string | undefined;
}

/**
 * The versions of what runs below the library, for logs and reports of faults.
 *
 * @example
 * ```ts
 * const { libevent, libeventFrom } = versions();
 * console.log(`libevent ${libevent}, ${libeventFrom}`);
 * ```
 *
 * @see `event_get_version()`
 */
export function versions(): Versions {
  const { openssl } = process.versions;
  return {
    libevent: native.libeventVersion,
    libeventFrom: native.libeventIsInside ? 'prebuilt' : 'system',
    openssl: native.whyNoTls(openssl) === undefined ? openssl : undefined,
  };
}
