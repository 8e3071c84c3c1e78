import { Client } from './Client.mjs';
import { Local } from './Local.mjs';
import { Pair } from './Pair.mjs';
import { Server } from './Server.mjs';
import { addressOf } from './draw.mjs';

/** Frames between two steps: everything comes to rest in the first one. */
const STEP = 10;
/** Of a peer: what it does, as marks of its diagram. */
const PEER = {
  send: (text) => [text],
  burst: (one, other) => [one, other],
  fin: () => ['|'],
  sendFin: (text) => [text, '|'],
  rst: () => ['#'],
  sendRst: (text) => [text, '#'],
  closeFully: () => ['!'],
};

const SIGNS = '|#!';
const PORT = 40713;
const SCENES = {
  ...{ plain: joined, served: joined, paired },
  ...{ accepted: listening, connected: connecting },
};

/** The states of a program after each step, over the virtual transport, by the kit that users have. */
export function runVirtual(world, program) {
  const { steps } = program;
  const states = [];
  try {
    world.testing.marbles((helpers) => {
      const { act, state } = SCENES[program.kind](world, helpers, program);
      for (const [index, step] of steps.entries()) {
        helpers.at(`${index * STEP}ms s`, { s: () => act(...step) });
        helpers.at(`${index * STEP + STEP - 1}ms s`, { s: () => states.push(state()) });
      }
    });
  } catch (error) {
    // What a program leaves is no matter here.
    if (!(error instanceof world.testing.MarbleError) || states.length < steps.length) throw error;
  }
  return states;
}

/** One connection, whose peer's diagram is known before. */
function joined(world, helpers, { config, steps }) {
  const local = new Local(world);
  const all = steps.map(([name, ...args]) => PEER[name]?.(...args) ?? []);
  const values = {};
  let diagram = '';
  let next = 0;
  let ended = '';
  let gone = steps.length;
  for (const [index, marks] of all.entries()) {
    const may = marks.filter((mark) => {
      // Behind its FIN a peer can only go, and behind that nothing.
      const can = ended === '' || (ended === '|' && '#!'.includes(mark));
      if (can && SIGNS.includes(mark)) ended = mark;
      return can;
    });
    if ('#!'.includes(ended) && ended !== '' && gone === steps.length) gone = index;
    if (may.length === 0) continue;
    diagram += ` ${index * STEP - next}ms (`;
    for (const mark of may) {
      if (SIGNS.includes(mark)) {
        diagram += mark;
      } else {
        const letter = String.fromCodePoint(0x4e00 + Object.keys(values).length);
        values[letter] = Buffer.from(mark);
        diagram += letter;
      }
    }
    diagram += ')';
    next = index * STEP + may.length + 2;
  }
  const conn = helpers.connection(diagram, values, config);
  local.take(conn);
  const { output } = conn.core.observer;
  let now = -1;
  return {
    act: (name, ...args) => {
      now += 1;
      if (!(name in PEER)) local[name](...args);
    },
    state: () => ({ ...local.state(), ...(now < gone && peerState(output)) }),
  };
}

/** A listener: every `dial` is a peer that does what its link says. */
function listening(world, helpers, { config: { concurrency, ...config }, steps }) {
  const dialled = [];
  const values = {};
  let diagram = '';
  let next = 0;
  for (const [index, [name]] of steps.entries()) {
    if (name !== 'dial' && name !== 'closeBase') continue;
    let mark = '|';
    if (name === 'dial') {
      mark = String.fromCharCode(97 + dialled.length);
      values[mark] = helpers.peer('', {}, { name: `peer ${mark}` });
      dialled.push({ from: index, peer: values[mark] });
    }
    diagram += ` ${index * STEP + 1 - next}ms ${mark}`;
    next = index * STEP + 2;
    if (mark === '|') break;
  }
  const listener = helpers.listener(diagram, values, config);
  const server = new Server(new Local(world), world, listener, concurrency);
  let now = -1;
  const there = () => dialled.filter(({ from }) => from <= now).map(({ peer }) => peer);
  return {
    act: (name, ...args) => {
      now += 1;
      if (name === 'peer') {
        doPeer(there()[args[0]], ...args.slice(1));
      } else if (name !== 'dial' && name !== 'closeBase') {
        server[name](...args);
      }
    },
    state: () => ({
      ...server.state(),
      peers: there().map((peer) =>
        peer.refusedAt !== undefined && peer.link === undefined ? 'refused' : linkState(peer),
      ),
    }),
  };
}

function paired(world, helpers, { config: { over, ...config } }) {
  const pair = new Pair(world, helpers.pair(config, config), over);
  return { act: (...step) => pair.act(...step), state: () => pair.state() };
}

/** A client of servers that come and go: what a connector's attempts come to is known when they begin. */
function connecting(world, helpers, { config }) {
  const { host, sites: kinds, greets, ...options } = config;
  const sites = kinds.map((kind) => (kind === 'silent' ? kind : 'down'));
  const made = [];
  let known = true;
  const [greeting = ''] = greets ? PEER[greets[0]](...greets.slice(1)) : [];
  const diagram = SIGNS.includes(greeting) ? greeting : 'g';
  const attempt = () => {
    const name = `peer ${made.length}`;
    const peer = helpers.peer(diagram, { g: Buffer.from(greeting) }, { name });
    made.push(peer);
    return peer;
  };
  const dial = (more, session) => {
    const values = {};
    const attempts = sites.map((site, number) => {
      if (site === 'silent') return '';
      if (site === 'down') return '#';
      values[number] = attempt();
      return String(number);
    });
    const [outcomes, code] = known || !host ? [attempts, 'ECONNREFUSED'] : [['#'], 'ENOTFOUND'];
    const script = { code, addresses: sites.map((site, number) => addressOf(number)) };
    const connect = helpers.connector(outcomes, known ? values : {}, script);
    const target = { port: PORT, host: host ?? addressOf(0) };
    return connect({ ...options, ...target, ...more }, session);
  };
  const client = new Client(world, dial, PORT);
  const there = () => made.filter(({ link }) => link !== undefined);
  return {
    act: (name, ...args) => {
      if (name === 'names') known = args[0] === 'known';
      else if (name === 'peer') doPeer(there()[args[0]], ...args.slice(1));
      else if (name !== 'site') client.act(name, ...args);
      else if (sites[args[0]] !== 'silent') sites[args[0]] = args[1];
    },
    state: () => ({ ...client.state(), peers: there().map(linkState) }),
  };
}

/**
 * One that has been reset is not there any more. Behind a FIN Node does not look: a write that has
 * been answered with RST is heard of by the next one.
 */
function doPeer(peer, name, ...args) {
  const { link, log } = peer ?? {};
  if (link === undefined || peerState(log.output).seen === 'rst') return;
  const resets = link.late.length + log.output.filter(({ char }) => char === '#').length;
  if (link.late.length > 0 && resets > 1) return;
  for (const mark of PEER[name](...args)) doLink(link, mark);
}

/** One that has gone sees nothing. */
function linkState({ link, log }) {
  return ['gone', 'closed'].includes(link?.peer) ? {} : peerState(log.output);
}

function doLink(link, mark) {
  if (mark === '|') link.end();
  else if (mark === '#') link.fail('ECONNRESET');
  else if (mark === '!') link.closeFully();
  else link.send(Buffer.from(mark));
}

/** What a peer has got, and how that has ended. */
function peerState(output) {
  const got = Buffer.concat(output.flatMap(({ value }) => value ?? []));
  const words = { '|': 'fin', '#': 'rst' };
  // Node stops looking behind a FIN.
  const [seen] = output.flatMap(({ char }) => words[char] ?? []);
  return { got: got.toString('latin1'), seen };
}
