// Steers faults.c, from within the program that it is preloaded into.
'use strict';

const { openSync, readSync, writeSync } = require('node:fs');
const { constants } = require('node:os');

const ENTRY_BYTES = 64;
const NAME_BYTES = 32;
const WORDS = ['fails', 'skips', 'error', 'holds', 'held', 'calls', 'anyThread', 'mark'];

const file = openSync(process.env.FAULTS, 'r+');
const names = [];

function place(call, word) {
  if (!names.includes(call)) {
    writeSync(file, Buffer.from(call), 0, call.length, names.length * ENTRY_BYTES);
    names.push(call);
  }
  return names.indexOf(call) * ENTRY_BYTES + NAME_BYTES + 4 * WORDS.indexOf(word);
}

function set(call, word, value) {
  writeSync(file, Int32Array.of(value), 0, 4, place(call, word));
}

function get(call, word) {
  const value = new Int32Array(1);
  readSync(file, value, 0, 4, place(call, word));
  return value[0];
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Calls fail with the error, `times` of them, after `skip` that do not. */
function fail(call, error, { times = 1e9, skip = 0, anyThread = false } = {}) {
  set(call, 'error', constants.errno[error]);
  set(call, 'anyThread', anyThread ? 1 : 0);
  set(call, 'skips', skip);
  set(call, 'fails', times);
}

function lift(call) {
  set(call, 'fails', 0);
}

/** How many calls will still fail. */
const left = (call) => get(call, 'fails');

/** The next calls wait until {@link go}. */
function hold(call) {
  set(call, 'holds', 1);
}

const isHeld = (call) => get(call, 'held') === 1;

function go(call) {
  set(call, 'holds', 0);
}

/** A base's one reactor thread takes nothing more until {@link go} is called with `'epoll_wait'`. */
async function stopReactor(base) {
  hold('epoll_wait');
  base.timer(0).subscribe();
  while (!isHeld('epoll_wait')) await nextTurn();
}

/** Calls that have been met since the entry was there. */
const calls = (call) => get(call, 'calls');

/** Call once before: from here on sends are counted. */
function awaitMark() {
  place('recv', 'mark');
  place('send', 'calls');
  set('recv', 'mark', 0);
}

/** How many sends had been made when `mark!` was received; undefined until then. */
function sendsAtMark() {
  const mark = get('recv', 'mark');
  return mark === 0 ? undefined : mark - 1;
}

module.exports = {
  ...{ fail, lift, left, hold, isHeld, go, stopReactor, calls, awaitMark, sendsAtMark, nextTurn },
};
