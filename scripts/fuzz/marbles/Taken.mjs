/** The connections of a listener or of a client, in the order of their coming. */
export class Taken {
  #connections = [];

  push(connection) {
    this.#connections.push(connection);
  }

  destroy(number) {
    this.#connections[number]?.destroy();
  }

  get bytesRead() {
    return this.#connections.map(({ bytesRead }) => bytesRead);
  }

  state() {
    return this.#connections.map(({ closed, writable, inputBytes, outputBytes }) => ({
      ...{ closed, writable, inputBytes, outputBytes },
    }));
  }
}
