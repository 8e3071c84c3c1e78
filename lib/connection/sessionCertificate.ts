/** Of the peer, in what OpenSSL makes of a session: SEQUENCE { …, [3] EXPLICIT Certificate, … }. */
const PEER_TAG = 0xa3;
const LONG_FORM = 0x80;

/** The contents of a DER value, and where the next one begins. */
function valueAt(der: Uint8Array, start: number): { tag: number; from: number; to: number } {
  const [tag = 0, first = 0] = der.subarray(start, start + 2);
  let from = start + 2;
  let length = first;
  if (first >= LONG_FORM) {
    from += first - LONG_FORM;
    length = der.subarray(start + 2, from).reduce((sum, byte) => sum * 256 + byte, 0);
  }
  return { tag, from, to: from + length };
}

/** The peer's certificate in a session, DER; undefined where it has none. */
export function sessionCertificate(session: Uint8Array): Buffer | undefined {
  const whole = valueAt(session, 0);
  for (let at = whole.from; at < Math.min(whole.to, session.length);) {
    const { tag, from, to } = valueAt(session, at);
    if (tag === PEER_TAG) return Buffer.from(session.subarray(from, to));
    at = to;
  }
  return undefined;
}
