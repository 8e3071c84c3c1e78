/**
 * A packet as Nest's TCP transport sends it.
 *
 * @throws TypeError for what JSON cannot say
 */
export function encodePacket(packet: unknown): string {
  const json = JSON.stringify(packet) as string | undefined;
  if (json === undefined) throw new TypeError(`a packet must be an object, got ${typeof packet}`);
  return `${String(json.length)}#${json}`;
}
