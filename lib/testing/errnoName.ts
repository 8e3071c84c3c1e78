import { MarbleError } from './MarbleError';
import { kindOf } from './kindOf';

/** The name of an errno, as the option `code` gives it. */
export function checkCode(what: string, code: unknown): string {
  if (typeof code === 'string' && /^E[A-Z0-9_]+$/.test(code)) return code;
  const got = typeof code === 'string' ? `'${code}'` : kindOf(code);
  throw new MarbleError(`${what}: code must be the name of an errno, got ${got}`);
}
