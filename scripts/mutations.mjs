// The rules of flow control, each broken in one place: what stands there, and what is put instead.
export const mutations = [
  {
    rule: 'resume inside the release',
    file: 'lib/flow/Source.ts',
    from: `    this.actions.defer(() => {
      this.resuming = false;
      this.goOn();
    });`,
    to: `    this.resuming = false;
    this.goOn();`,
  },
  {
    rule: 'lose the tail',
    file: 'lib/connection/Input.ts',
    from: `    this.ending = { error };
    this.flow.end();
    this.pump();`,
    to: `    this.ending = { error };
    this.flow.end();
    this.queue = [];
    this.pump();`,
  },
  {
    rule: 'forget a hold',
    file: 'lib/flow/Holds.ts',
    from: '    this.total -= 1;',
    to: '    this.total = 0;',
  },
  {
    rule: 'saturated at the high mark, not above it',
    file: 'lib/flow/Saturation.ts',
    from: 'if (outputBytes <= this.marks.high) return undefined;',
    to: 'if (outputBytes < this.marks.high) return undefined;',
  },
  {
    rule: 'drained at the high mark, not at the low one',
    file: 'lib/flow/Saturation.ts',
    from: 'if (outputBytes > this.marks.low) return undefined;',
    to: 'if (outputBytes > this.marks.high) return undefined;',
  },
  {
    rule: 'no credit at the low mark',
    file: 'lib/flow/Flow.ts',
    from: '    this.creditedBytes += owed;\n    this.effects.credit(owed);',
    to: '    this.creditedBytes += owed;',
  },
  {
    rule: 'emit twice after unread()',
    file: 'lib/connection/Input.ts',
    from: '    this.flow.returned(bytes.length);',
    to: '    this.queue.unshift(Buffer.from(bytes));\n    this.flow.returned(bytes.length);',
  },
  {
    rule: 'release more than once',
    file: 'lib/flow/Holds.ts',
    from: '      if (!open) return;',
    to: '      if (!open && this.total === 0) return;',
  },
  {
    rule: 'resume in spite of a new hold',
    file: 'lib/flow/Source.ts',
    from: 'if (!this.waiting) this.actions.resume();',
    to: 'this.actions.resume();',
    // A connection looks once more before it emits, so that has to go, too.
    and: {
      file: 'lib/connection/Input.ts',
      from: 'this.queue.length > 0 && this.flow.emitting; burst -= 1',
      to: 'this.queue.length > 0 && this.readers.length > 0; burst -= 1',
    },
  },
  {
    rule: 'the error before the tail',
    file: 'lib/connection/Input.ts',
    from: `    this.ending = { error };
    this.flow.end();
    this.pump();`,
    to: `    this.ending = { error };
    this.flow.end();
    if (error !== undefined) this.deliverEnd();
    this.pump();`,
  },
  {
    rule: 'emit while held',
    file: 'lib/flow/Flow.ts',
    from: 'return this.subscribers > 0 && !this.source.waiting;',
    to: 'return this.subscribers > 0;',
  },
  {
    rule: 'read while held',
    file: 'lib/flow/Flow.ts',
    from: 'this.subscribers > 0 && !this.source.held && !this.ended;',
    to: 'this.subscribers > 0 && !this.ended;',
  },
  {
    rule: 'a saturated sink holds nobody',
    file: 'lib/connection/Output.ts',
    from: "if (this.flow.saturated && whenSaturated === 'hold') this.holdCurrent();",
    to: '',
  },
  {
    rule: 'a dead sink does not let go',
    file: 'lib/connection/Output.ts',
    from: `  private leave(error: LibeventError | undefined): void {
    this.letGo();`,
    to: `  private leave(error: LibeventError | undefined): void {`,
  },
];
