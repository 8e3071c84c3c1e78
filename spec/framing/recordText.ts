import type { Observable } from 'rxjs';
import type { LibeventError } from '../../lib/common/LibeventError';

/** Subscribes, and notes what comes as text: `|` for the end, `#` for an error. */
export function recordText(source: Observable<string | Buffer>): string[] {
  const seen: string[] = [];
  source.subscribe({
    next: (frame) => seen.push(frame.toString()),
    error: (error: LibeventError) => seen.push(`# ${error.message}`),
    complete: () => seen.push('|'),
  });
  return seen;
}
