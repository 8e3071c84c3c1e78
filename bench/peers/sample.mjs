/** The peer "npm start": the sample as it stands. What it prints becomes what a peer announces. */
import { fileURLToPath } from 'node:url';
import { announce, parsePeerOptions } from './peer.mjs';

const { host, port } = parsePeerOptions();
const program = fileURLToPath(new URL('../../.build/samples/rot13.js', import.meta.url));
console.log = (text) => announce(Number(/:(\d+) \(/.exec(text)?.[1]));
process.argv = [process.execPath, program, '--host', host, '--port', String(port)];
await import(program);
