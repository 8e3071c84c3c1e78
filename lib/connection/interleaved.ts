import type { AddressInfo } from '../common/AddressInfo';

/**
 * Addresses with the families taking turns, beginning with that of the first one, so that a family
 * which does not get through costs one attempt before the other has its first.
 */
export function interleaved(addresses: readonly AddressInfo[]): AddressInfo[] {
  const first = addresses[0]?.family;
  const ofFirst = addresses.filter(({ family }) => family === first);
  const others = addresses.filter(({ family }) => family !== first);
  const turns = Array.from({ length: Math.max(ofFirst.length, others.length) }, (_, index) => [
    ofFirst[index],
    others[index],
  ]);
  return turns.flat().filter((address) => address !== undefined);
}
