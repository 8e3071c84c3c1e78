import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ClusterGuest } from './support/ClusterGuest';
import { ForeignServer } from './support/ForeignServer';
import { HeldPort } from './support/HeldPort';
import { RunSample } from './support/runSample';
import { startSample, type RunningSample } from './support/startSample';

const HOST = '127.0.0.1';

const LINES = 30_000;
/** What a guest says with each, and answers of more than all buffers between take. */
const TEXT = 'x'.repeat(4000);
const UNHEARD_LINES = 150_000;

/** A guest that says a line only once, and counts what becomes of it. */
class Talker {
  readonly socket: Socket;
  /** Lines that were stored, and those that were answered in any way. */
  stored = 0;
  private answers = 0;
  private said = 0;

  constructor(port: number, name: string) {
    this.socket = connect(port, HOST);
    this.socket.write(`join ${name} ${name} 999999999\n`);
    createInterface(this.socket).on('line', (line) => {
      if (line.startsWith('ok ')) this.stored += 1;
      if (/^(ok|error) /.test(line)) this.answers += 1;
    });
  }

  /** @returns how many it has said by then, when the system has taken them */
  async say(count: number, text: string): Promise<number> {
    const lines = Array.from({ length: count }, () => {
      this.said += 1;
      return `say ${String(this.said).padStart(64, '0')} ${text}`;
    });
    const { said } = this;
    await new Promise((taken) => this.socket.write(`${lines.join('\n')}\n`, taken));
    return said;
  }

  async answered(count: number): Promise<void> {
    while (this.answers < count) await once(this.socket, 'data');
  }
}

function residentBytes({ child }: RunningSample): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))!;
  return Number(kilobytes) << 10;
}

describe('sample chat-node, on NATS', () => {
  let held: HeldPort;
  let folder: string;
  let nats: ForeignServer | undefined;
  const nodes: RunningSample[] = [];
  const guests: ClusterGuest[] = [];

  beforeEach(async () => {
    held = await HeldPort.take();
    folder = mkdtempSync(join(tmpdir(), 'chat-cluster-'));
  });

  afterEach(async () => {
    for (const guest of guests.splice(0)) await guest.leave();
    for (const node of nodes.splice(0)) {
      if (node.child.signalCode === null) expect(await node.interrupt()).toBe(0);
    }
    await nats?.stop();
    await held.release();
    rmSync(folder, { recursive: true });
  });

  async function startNats(): Promise<void> {
    const at = ['--addr', HOST, '--port', `${held.port}`];
    const store = ['--jetstream', '--store_dir', folder];
    nats = await ForeignServer.start('nats-server', [...at, ...store], /Server is (ready)/);
  }

  async function killNats(): Promise<void> {
    const exited = once(nats!.child, 'exit');
    nats!.child.kill('SIGKILL');
    await exited;
  }

  async function startNode(): Promise<RunningSample> {
    const node = await startSample('chat-node', '--port', '0', '--nats', `${HOST}:${held.port}`);
    nodes.push(node);
    return node;
  }

  function enter(name: string, ...at: readonly RunningSample[]): ClusterGuest {
    const guest = new ClusterGuest(
      name,
      at.map(({ port }) => port),
    );
    guests.push(guest);
    return guest;
  }

  it('says that NATS is not there, waits for it, and then listens', async () => {
    const node = new RunSample('chat-node', '--port', '0', '--nats', `${HOST}:${held.port}`);
    await node.printed('trying again');
    expect(node.printedText).toMatch(/^NATS at 127\.0\.0\.1:\d+: .*; trying again\n/);
    await startNats();
    await node.printed('listening on ');
    node.child.kill('SIGINT');
    expect((await node.ended).code).toBe(0);
  });

  it('brings each line to each guest once, through deaths: NATS twice, a node, and a new one', async () => {
    await startNats();
    const [one, two, three] = [await startNode(), await startNode(), await startNode()];
    // Those of the node that dies know the others, as all do.
    const doomed = [enter('a', one, two, three), enter('b', one, three, two)];
    const others = [enter('c', two, three), enter('d', two, three), enter('e', three, two)];
    const speakers = [...doomed, ...others];
    const said: string[] = [];
    let speaking = true;
    const spoken = speakers.map(async (guest) => {
      for (let number = 0; speaking || number < 50; number += 1) {
        await guest.say(`line ${number}`);
        said.push(`${guest.name} line ${number}`);
      }
    });
    const hears = (count: number) => Promise.all(speakers.map((guest) => guest.hears(count)));

    await hears(50);
    await killNats();
    await Promise.all(speakers.map((guest) => guest.fails()));
    await startNats();
    const before = Math.max(...speakers.map(({ heard }) => heard.length));
    await hears(before + 50);
    one.child.kill('SIGKILL');
    await once(one.child, 'exit');
    await hears(before + 150);
    await killNats();
    await startNats();
    // A node that comes late has everything, for a guest that does.
    const late = enter('late', await startNode());
    speaking = false;
    await Promise.all(spoken);
    const everybody = [...speakers, late];
    await Promise.all(everybody.map((guest) => guest.hears(said.length)));

    for (const { heard } of everybody) expect([...heard].sort()).toEqual([...said].sort());
    // All in the same order, and those of a guest in its own.
    for (const { heard } of everybody) expect(heard).toEqual(late.heard);
    for (const { name } of speakers) {
      const own = (lines: readonly string[]) => lines.filter((line) => line.startsWith(`${name} `));
      expect(own(late.heard)).toEqual(own(said));
    }
    expect(two.errors()).toMatch(/^NATS has gone\nNATS is there again\n/);
    expect(doomed[0]!.errors[0]).toMatch(/^error \d+ not known to be stored: /);
  }, 60_000);

  it('lets a slow guest slow down nobody else, and catch up', async () => {
    await startNats();
    const node = await startNode();
    const [slow, speaker, reader] = ['slow', 'speaker', 'reader'].map((name) => enter(name, node));
    const many = 3000;
    const text = 'x'.repeat(4000);
    await speaker!.say('first');
    await slow!.hears(1);
    slow!.stopReading();
    // 12 MB: more than what is between takes.
    const said = Array.from({ length: many }, (_, number) => speaker!.say(`${number} ${text}`));
    await Promise.all(said);
    await reader!.hears(many + 1);
    expect(slow!.heard.length).toBeLessThan(many);
    slow!.goOnReading();
    await slow!.hears(many + 1);
    expect(slow!.heard).toEqual(reader!.heard);
  }, 60_000);

  it('gathers nothing while NATS is down, for guests that read their answers and one that does not', async () => {
    await startNats();
    const node = await startNode();
    const [talker, deaf] = [new Talker(node.port, 'talker'), new Talker(node.port, 'deaf')];
    for (const one of [talker, deaf]) await one.answered(await one.say(1, 'x'));
    expect([talker.stored, deaf.stored]).toEqual([1, 1]);
    await killNats();
    while (!node.errors().includes('NATS has gone')) await once(node.child.stderr!, 'data');
    await talker.answered(await talker.say(LINES / 2, TEXT));
    const before = residentBytes(node);
    deaf.socket.pause();
    const unheard = deaf.say(UNHEARD_LINES, 'x');
    await talker.answered(await talker.say(LINES, TEXT));
    expect(residentBytes(node) - before).toBeLessThan(64 << 20);
    expect(talker.stored).toBe(1);
    // What it says waits in the guest itself.
    expect(deaf.socket.writableLength).toBeGreaterThan(0);
    deaf.socket.resume();
    await deaf.answered(await unheard);

    await startNats();
    while (!node.errors().includes('NATS is there again')) await once(node.child.stderr!, 'data');
    await talker.answered(await talker.say(1, 'x'));
    expect(talker.stored).toBe(2);
    for (const { socket } of [talker, deaf]) socket.destroy();
  }, 60_000);
});

describe('sample chat-cluster', () => {
  it('starts NATS and nodes by one command, and ends them all', async () => {
    const held = await HeldPort.take();
    const at = ['--port', '0', '--nodes', '2', '--nats-port', `${held.port}`];
    const cluster = await startSample('chat-cluster', ...at);
    const guest = new ClusterGuest('a', [cluster.port]);
    await guest.say('hello');
    await guest.hears(1);
    expect(guest.heard).toEqual(['a hello']);
    await guest.leave();
    expect(await cluster.interrupt()).toBe(0);
    await held.release();
  });
});
