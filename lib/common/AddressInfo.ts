/** An end of a connection or of a listener. */
export interface AddressInfo {
  /** `'unix'` for a path or an abstract name. */
  readonly family: 'IPv4' | 'IPv6' | 'unix';
  /** The IP address, or the path; empty where a unix socket has none. */
  readonly address: string;
  /** 0 for unix sockets. */
  readonly port: number;
}

/** The two ends of a connection, looked up when asked for. */
export interface ConnectionAddresses {
  local(): AddressInfo;
  remote(): AddressInfo;
}
