import { once } from 'node:events';
import { ChatGuest } from './support/ChatGuest';
import { startSample, type RunningSample } from './support/startSample';

/** A line that is long enough to fill the buffers of a connection with a few hundred of them. */
const LONG = 'x'.repeat(32_000);
const MANY = 400;
/** More than the hard bound of a connection's output, 16 MB: without a hold it would end. */
const TOO_MANY = 800;

describe('sample chat', () => {
  let sample: RunningSample;
  let guests: ChatGuest[];

  async function open(whenSaturated: string): Promise<void> {
    sample = await startSample('chat', '--port', '0', '--when-saturated', whenSaturated);
    guests = [];
    for (let count = 0; count < 3; count += 1) guests.push(await ChatGuest.join(sample.port));
  }

  afterEach(async () => {
    for (const guest of guests) guest.leave();
    expect(await sample.interrupt()).toBe(0);
  });

  it('sends every line to all, with the name of who said it', async () => {
    await open('drop');
    const [one, two, three] = guests as [ChatGuest, ChatGuest, ChatGuest];
    one.say('hello');
    for (const guest of guests) await guest.hears(`${one.name}: hello`);
    two.say('hello, too');
    three.leave();
    await one.hears(`${two.name}: hello, too`);
    one.say('and good-bye');
    await two.hears(`${one.name}: and good-bye`);
  });

  it('drops what a dead reader cannot take; the others hear every line', async () => {
    await open('drop');
    const [speaker, reader, dead] = guests as [ChatGuest, ChatGuest, ChatGuest];
    dead.stopReading();
    for (let count = 0; count < MANY; count += 1) {
      speaker.say(`${count} ${LONG}`);
      await reader.hears(`${speaker.name}: ${count} ${LONG}`);
    }
    const said = once(sample.child.stderr!, 'data');
    dead.leave();
    expect(String((await said)[0])).toMatch(
      new RegExp(`^(${dead.name} has missed \\d+ lines|.*ECONNRESET)`),
    );
    expect(speaker.lines.filter((line) => line.endsWith(LONG))).toHaveLength(MANY);
  });

  it('closes a dead reader, if asked to; the others hear every line', async () => {
    await open('close');
    const [speaker, reader, dead] = guests as [ChatGuest, ChatGuest, ChatGuest];
    dead.stopReading();
    const said = once(sample.child.stderr!, 'data');
    for (let count = 0; count < MANY; count += 1) {
      speaker.say(`${count} ${LONG}`);
      await reader.hears(`${speaker.name}: ${count} ${LONG}`);
    }
    expect(String((await said)[0])).toContain('ERR_SATURATED');
  });

  it('holds the speaker until a slow reader has caught up, if asked to', async () => {
    await open('hold');
    const [speaker, reader, slow] = guests as [ChatGuest, ChatGuest, ChatGuest];
    slow.stopReading();
    for (let count = 0; count < TOO_MANY; count += 1) speaker.say(`${count} ${LONG}`);
    await reader.hears(`${speaker.name}: 0 ${LONG}`);
    slow.goOnReading();
    await slow.hears(`${speaker.name}: ${TOO_MANY - 1} ${LONG}`);
    for (const guest of guests) {
      await guest.hears(`${speaker.name}: ${TOO_MANY - 1} ${LONG}`);
      expect(guest.lines.filter((line) => line.endsWith(LONG))).toHaveLength(TOO_MANY);
    }
  });
});
