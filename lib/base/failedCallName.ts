import { native } from '../native';

const names = new Map(
  Object.entries(native.layout.failedCall).map(([name, value]) => [value, name]),
);

/** The system call that a `failed` completion names. */
export function failedCallName(call: number): string {
  return names.get(call) ?? 'unknown';
}
