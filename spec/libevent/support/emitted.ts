import { lastValueFrom, type Observable, scan, takeWhile, toArray, map } from 'rxjs';

/** All bytes until the end of the input. */
export function allOf(source: Observable<Uint8Array>): Promise<Buffer> {
  return lastValueFrom(
    source.pipe(
      toArray(),
      map((chunks) => Buffer.concat(chunks)),
    ),
  );
}

/** The bytes that come until there are at least `count`. */
export function bytesFrom(source: Observable<Uint8Array>, count: number): Promise<Buffer> {
  return lastValueFrom(
    source.pipe(
      scan((bytes, chunk) => Buffer.concat([bytes, chunk]), Buffer.alloc(0)),
      takeWhile((bytes) => bytes.length < count, true),
    ),
  );
}
