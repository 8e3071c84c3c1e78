import { marblesWith } from 'rxjs-libevent/testing';

export const marbles = marblesWith((actual, expected) => {
  expect(actual).toEqual(expected);
});
