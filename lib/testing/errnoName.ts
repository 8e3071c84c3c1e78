import type { Option } from '../common/options';
import { MarbleError } from './MarbleError';
import { kindOf } from './kindOf';

/** The option `code`: the name of an errno. */
export const errnoName =
  (fallback: string): Option<string> =>
  (value, name) => {
    const code = value ?? fallback;
    if (typeof code === 'string' && /^E[A-Z0-9_]+$/.test(code)) return code;
    const got = typeof code === 'string' ? `'${code}'` : kindOf(code);
    throw new MarbleError(`${name} must be the name of an errno, got ${got}`);
  };
