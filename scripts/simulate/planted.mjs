// Faults of the library that the simulation must find: what stands there, and what is put instead.
const one = (rule, file, from, to) => ({ rule, edits: [{ file, from, to }] });

export const planted = [
  one(
    'what waits is lost when the peer ends',
    'lib/connection/Input.ts',
    `    if (!this.beginEnding(error)) return;
    this.pump();`,
    `    if (!this.beginEnding(error)) return;
    this.queue = undefined;
    this.pump();`,
  ),
  one(
    'no credit is given back at the low mark',
    'lib/connection/Input.ts',
    '    this.creditedBytes += owed;\n    this.transport.credit(owed);',
    '    this.creditedBytes += owed;',
  ),
  one(
    'what a subscriber gives back comes twice',
    'lib/connection/Input.ts',
    '    (this.queue ??= []).unshift(copyOf(bytes));',
    '    (this.queue ??= []).unshift(copyOf(bytes), copyOf(bytes));',
  ),
  one(
    'an output that has drained says nothing',
    'lib/connection/Output.ts',
    '    if (this.saturated) this.transport.drain(this.marks.low);',
    '',
  ),
  {
    rule: 'a sink that has died releases nobody',
    edits: [
      {
        file: 'lib/connection/Output.ts',
        from: `  private leave(error: LibeventError | undefined): void {
    this.releaseAll();`,
        to: '  private leave(error: LibeventError | undefined): void {',
      },
      // An output that ends drains, which releases as well.
      {
        file: 'lib/connection/Output.ts',
        from: '      if (this.file === undefined) this.releaseAll();\n',
        to: '',
      },
    ],
  },
  one(
    'the end of the input ends the output, whatever is under way (T4)',
    'lib/connection/sendTo.ts',
    'core.beginWork();',
    '',
  ),
  one(
    'FIN behind output that has not been sent (T2)',
    'lib/testing/VirtualTransport.ts',
    "asked === 'reset' || this.pending.length > 0",
    "asked === 'reset'",
  ),
  one(
    'a frame that crosses two chunks loses its beginning',
    'lib/framing/FrameInput.ts',
    'if (this.position < this.chunk.length) this.gather(this.unusedBytes, most);',
    '',
  ),
  one(
    'an operator that is done gives nothing back (F6)',
    'lib/framing/Framer.ts',
    'if (giveBack !== undefined) this.returnableBytes += chunk.length;',
    '',
  ),
  one(
    'a server that was full accepts nobody any more',
    'lib/connection/serve.ts',
    `            if (sessions.size < concurrency) {
              full?.();`,
    '            if (sessions.size < concurrency) {',
  ),
  one(
    'a saturated output holds nobody (F3)',
    'lib/connection/Output.ts',
    "if (this.saturated && whenSaturated === 'hold') this.holdCurrent(writer);",
    '',
  ),
  one(
    'a connection that has ended counts for maxConnections',
    'lib/connection/Listening.ts',
    '      this.live -= 1;\n',
    '',
  ),
  one(
    'the length of a frame that crosses two chunks is misread',
    'lib/framing/SizedDecoder.ts',
    '    if (input.carried < headerBytes) input.gather(headerBytes);\n',
    '',
  ),
  one(
    'a session that fails is reset before its pipeline goes',
    'lib/connection/ServeSession.ts',
    `        this.unsubscribePipeline();
        connection.reset();`,
    `        connection.reset();
        this.unsubscribePipeline();`,
  ),
];
