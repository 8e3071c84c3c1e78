/** Options under which Node's `tls` has what is named otherwise here. */
const RENAMED: Readonly<Record<string, string>> = { handshakeTimeout: 'handshakeTimeoutMs' };

/** What takes the place of options of Node's `tls` that have no counterpart. */
const INSTEAD: Readonly<Record<string, string>> = {
  SNICallback: '; take sni, which gives the options of a context',
};

/**
 * The `tls` option of `listen` and `connect`, of what Nest names `tlsOptions`.
 *
 * @param own - options that `tlsOptions` may have
 * @param others - options that are passed on, `tls` among them
 * @throws TypeError for both at once, and for an option of Node's that has no counterpart
 */
export function secured(
  { tlsOptions }: { readonly tlsOptions?: object | undefined },
  others: Readonly<Record<string, unknown>>,
): { readonly tls?: object } {
  if (tlsOptions === undefined) return {};
  if (others['tls'] !== undefined)
    throw new TypeError('config must have tls or tlsOptions, not both');
  const entries = Object.entries(tlsOptions).map(([name, value]) => {
    const instead = INSTEAD[name];
    if (instead !== undefined)
      throw new TypeError(`unknown option '${name}' of tlsOptions${instead}`);
    return [RENAMED[name] ?? name, value as unknown];
  });
  return { tls: Object.fromEntries(entries) as object };
}
