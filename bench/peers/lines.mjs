import { Observable } from 'rxjs';

const LF = 0x0a;

/** Cuts chunks into lines, as users of `net` and RxJS write it: each with its LF, as a view on its chunk. */
export function lines() {
  return (source) =>
    new Observable((subscriber) => {
      let rest = null;
      return source.subscribe({
        next(chunk) {
          const bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
          let start = 0;
          for (let end; (end = bytes.indexOf(LF, start)) >= 0; start = end + 1) {
            subscriber.next(bytes.subarray(start, end + 1));
          }
          rest = start < bytes.length ? bytes.subarray(start) : null;
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
}
