import type { Observable } from 'rxjs';
import type { FramingError } from '../../lib/framing/FramingError';

/** Subscribes, and notes what comes as text: `|` for the end, `#` for an error. */
export function record(source: Observable<string | Buffer>): string[] {
  const seen: string[] = [];
  source.subscribe({
    next: (frame) => seen.push(frame.toString()),
    error: (error: FramingError) => seen.push(`# ${error.code} ${error.message}`),
    complete: () => seen.push('|'),
  });
  return seen;
}
