import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';

/** Somebody in the chat, who hears every line or has stopped reading. */
export class ChatGuest {
  private readonly reader: Interface;
  private readonly heard: string[] = [];

  private constructor(readonly socket: Socket) {
    this.reader = createInterface(socket).on('line', (line) => this.heard.push(line));
  }

  /** Has joined once it hears itself. */
  static async join(port: number): Promise<ChatGuest> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    const guest = new ChatGuest(socket);
    await once(socket, 'connect');
    guest.say('here I am');
    await guest.hears(`${guest.name}: here I am`);
    return guest;
  }

  get name(): string {
    return `guest-${this.socket.localPort}`;
  }

  get lines(): readonly string[] {
    return this.heard;
  }

  say(line: string): void {
    this.socket.write(`${line}\n`);
  }

  /** Hears nothing more; what comes waits. */
  stopReading(): void {
    this.reader.pause();
    this.socket.pause();
  }

  goOnReading(): void {
    this.socket.resume();
    this.reader.resume();
  }

  /** Resolves when the line has been heard, before or from now on. */
  async hears(line: string): Promise<void> {
    while (!this.heard.includes(line)) await once(this.reader, 'line');
  }

  leave(): void {
    this.socket.destroy();
    this.reader.close();
  }
}
