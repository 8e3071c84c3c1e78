// The rules of flow control and of endings, each broken in one place: what stands there, and what is put instead.
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
    from: `    if (!this.beginEnding(error)) return;
    this.pump();`,
    to: `    if (!this.beginEnding(error)) return;
    this.queue = [];
    this.pump();`,
  },
  {
    rule: 'emit while held',
    file: 'lib/connection/Input.ts',
    from: 'return this.readers.length > 0 && !this.source.waiting;',
    to: 'return this.readers.length > 0;',
  },
  {
    rule: 'forget a hold',
    file: 'lib/flow/Source.ts',
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
    file: 'lib/connection/Input.ts',
    from: '    this.creditedBytes += owed;\n    this.transport.credit(owed);',
    to: '    this.creditedBytes += owed;',
  },
  {
    rule: 'emit twice after unread()',
    file: 'lib/connection/Input.ts',
    from: '    this.emittedBytes -= bytes.length;',
    to: '    this.queue.unshift(Buffer.from(bytes));\n    this.emittedBytes -= bytes.length;',
  },
  {
    rule: 'release more than once',
    file: 'lib/flow/Source.ts',
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
      from: 'this.queued > 0 && this.emitting; burst -= 1',
      to: 'this.queued > 0 && this.readers.length > 0; burst -= 1',
    },
  },
  {
    rule: 'the error before the tail',
    file: 'lib/connection/Input.ts',
    from: `    if (!this.beginEnding(error)) return;
    this.pump();`,
    to: `    if (!this.beginEnding(error)) return;
    if (error !== undefined) this.deliverEnd();
    this.pump();`,
  },
  {
    rule: 'emit while held',
    file: 'lib/connection/Input.ts',
    from: 'return this.readers.length > 0 && !this.source.waiting;',
    to: 'return this.readers.length > 0;',
  },
  {
    rule: 'read while held',
    file: 'lib/connection/Input.ts',
    from: "this.readers.length > 0 && !this.source.held && this.state === 'open';",
    to: "this.readers.length > 0 && this.state === 'open';",
  },
  {
    rule: 'a saturated sink holds nobody',
    file: 'lib/connection/Output.ts',
    from: "if (this.saturated && whenSaturated === 'hold') this.holdCurrent(writer);",
    to: '',
  },
  {
    rule: 'a dead sink releases nobody',
    file: 'lib/connection/Output.ts',
    from: `  private leave(error: LibeventError | undefined): void {
    this.releaseAll();`,
    to: `  private leave(error: LibeventError | undefined): void {`,
    // An output that ends drains, which releases as well, so that has to go, too.
    and: {
      file: 'lib/connection/Output.ts',
      from: '      if (this.file === undefined) this.releaseAll();\n',
      to: '',
    },
  },
  {
    rule: 'F3: saturated to the end',
    file: 'lib/connection/Output.ts',
    from: 'if (this.saturated) this.evaluate(0);',
    to: '',
  },
  {
    rule: 'F4: a hold outlives the sendTo that wrote',
    file: 'lib/connection/sendTo.ts',
    from: `    this.connection.core.output.releaseOf(this);
    this.intake.unsubscribe();`,
    to: '    this.intake.unsubscribe();',
  },
  {
    rule: 'F4: a hold outlives the subscription in which it was written',
    file: 'lib/connection/Input.ts',
    from: 'for (const release of this.releases ?? []) release();',
    to: '',
  },
  {
    rule: 'F4: a hold outlives complete() of the sink',
    file: 'lib/connection/Output.ts',
    from: `    this.releaseAll();
    if (this.file !== undefined) {`,
    to: '    if (this.file !== undefined) {',
  },
  {
    rule: 'F4: a listener is a current source',
    file: 'lib/connection/Listening.ts',
    from: 'enterSource(undefined)',
    to: 'enterSource(this.source)',
  },
  {
    rule: 'F8: drops at the mark that holds',
    file: 'lib/connection/Output.ts',
    from: "whenSaturated === 'drop' && bytes <= writer.dropAboveBytes",
    to: "whenSaturated === 'drop' && bytes <= 0",
  },
  {
    rule: 'T1: a value that is not taken is lost in silence',
    file: 'lib/connection/sendTo.ts',
    from: 'if (!taken) this.subscriber.error(notWritable());',
    to: '',
  },
  {
    rule: 'T1: an output that has ended takes a sendTo',
    file: 'lib/connection/sendTo.ts',
    from: 'if (!output.open) {',
    to: 'if (!output.open && output.failure !== undefined) {',
  },
  {
    rule: 'T1: next() on an ended output is not counted',
    file: 'lib/connection/Output.ts',
    from: '      this.refused += 1;',
    to: '',
  },
  {
    rule: 'T2: FIN behind output that has not been sent',
    file: 'lib/testing/VirtualTransport.ts',
    from: "asked === 'reset' || this.pending.length > 0",
    to: "asked === 'reset'",
  },
  {
    rule: 'T2: FIN behind a value that was refused',
    file: 'lib/connection/ConnectionCore.ts',
    from: "onOverflow(error: LibeventError): void {\n    this.fail(error, 'reset');",
    to: "onOverflow(error: LibeventError): void {\n    this.fail(error, 'drop');",
  },
  {
    rule: 'T3: a clean end cuts the pipeline',
    file: 'lib/connection/ServeSession.ts',
    from: "this.state !== 'running' || this.closed || this.connection.core.isCut",
    to: "this.state !== 'closing' || this.closed || this.connection.core.isCut",
  },
  {
    rule: 'T3: nothing ends a pipeline that goes on',
    file: 'lib/connection/ServeSession.ts',
    from: 'if (this.connection.core.works) this.trail();',
    to: 'if (!this.closed) this.trail();',
  },
  {
    rule: 'T4: the end of the input ends the output at once',
    file: 'lib/connection/sendTo.ts',
    from: 'core.beginWork();',
    to: '',
  },
  {
    rule: 'T4: a held stage does not keep the output open',
    file: 'lib/flow/mergeMapHeld.ts',
    from: 'this.letClose = this.latest?.keepOpen?.();',
    to: '',
  },
  {
    rule: 'T4: the output stays open when the peer has ended',
    file: 'lib/connection/ConnectionCore.ts',
    from: 'if (this.works || this.options.allowHalfOpen ||',
    to: 'if (this.works || !this.options.allowHalfOpen ||',
  },
  {
    rule: 'T5: closed when nothing is taken any more',
    file: 'lib/connection/Connection.ts',
    from: 'return this.core.isClosed;',
    to: 'return !this.core.output.open;',
  },
  {
    rule: 'T6: drained never completes',
    file: 'lib/connection/Output.ts',
    from: '    this.drainedSubject?.complete();',
    to: '',
  },
  {
    rule: 'T7: an error of a session without onError is not published',
    file: 'lib/connection/reportSessionError.ts',
    from: 'if (sessionErrors.hasSubscribers) sessionErrors.publish(message);',
    to: 'if (isHandled) sessionErrors.publish(message);',
  },
  {
    rule: 'T7: nobody is warned of a session that fails',
    file: 'lib/connection/reportSessionError.ts',
    from: 'if (warned.has(handler)) return;',
    to: 'if (error !== undefined) return;',
  },
  {
    rule: 'T7: every session of a handler that fails warns',
    file: 'lib/connection/reportSessionError.ts',
    from: '  warned.add(handler);\n',
    to: '',
  },
  {
    rule: 'T8: subscribers are called in the store of who causes it',
    file: 'lib/common/SubscriberContext.ts',
    from: 'this.runInAsyncScope(next, undefined, observer, value);',
    to: 'next(observer, value);',
  },
  {
    rule: 'T8: an ending comes in the store of who causes it',
    file: 'lib/connection/Input.ts',
    from: `      reader.runInAsyncScope(() => {
        this.finish(reader.subscriber);
      });`,
    to: '      this.finish(reader.subscriber);',
  },
  {
    rule: 'T9: progress does not start a deadline anew',
    file: 'lib/testing/VirtualTransport.ts',
    from: "if (this.state === 'lingering') this.deadline.restart();",
    to: '',
  },
  {
    rule: 'idle timeout: what is sent does not count',
    file: 'lib/connection/ConnectionCore.ts',
    from: 'this.input.receivedBytes + this.transport.sent',
    to: 'this.input.receivedBytes',
  },
  {
    rule: 'idle timeout: what is received does not count',
    file: 'lib/connection/ConnectionCore.ts',
    from: 'this.input.receivedBytes + this.transport.sent',
    to: 'this.transport.sent',
  },
  {
    rule: 'idle timeout: a hold does not count',
    file: 'lib/connection/ConnectionCore.ts',
    from: 'return this.input.source.held && this.output.bytes === 0;',
    to: 'return false;',
  },
  {
    rule: 'idle timeout: output that is stuck does not count while held',
    file: 'lib/connection/ConnectionCore.ts',
    from: 'return this.input.source.held && this.output.bytes === 0;',
    to: 'return this.input.source.held;',
  },
  {
    rule: 'TLS: no bound of handshakes',
    only: 'stops accepting above maxHandshakes',
    file: 'lib/connection/Listening.ts',
    from: 'Math.min(tls?.maxHandshakes ?? ACCEPT_CREDIT, maxConnections)',
    to: 'Math.min(ACCEPT_CREDIT, maxConnections)',
  },
  {
    rule: 'TLS: no deadline of a handshake',
    only: 'gives up in time a handshake|takes too long',
    file: 'lib/base/RingTls.ts',
    from: 'timeoutMs: options.handshakeTimeoutMs,',
    to: 'timeoutMs: 0,',
  },
  {
    rule: 'TLS: a name that is not in the certificate is accepted',
    only: 'refuses a host',
    file: 'lib/connection/securedBy.ts',
    from: 'if (error !== undefined && rejects) {',
    to: 'if (error !== undefined && options.role === undefined) {',
  },
  {
    rule: 'TLS: plaintext behind STARTTLS is accepted',
    only: 'refuses what was injected',
    file: 'lib/connection/startTls.ts',
    from: 'if (isRefused || (first === HANDSHAKE_RECORD && (isServer || held.length === 0))) return;',
    to: 'if (isRefused || (first >= 0 && held.length >= 0)) return;',
  },
  {
    rule: 'TLS: an end without close_notify is an end',
    only: 'takes an end without close_notify',
    file: 'native/tls_session.cc',
    from: 'if (error == SSL_ERROR_ZERO_RETURN && stage_ == Stage::kSecured) {',
    to: 'if ((wire_ended_ || error == SSL_ERROR_ZERO_RETURN) && stage_ == Stage::kSecured) {',
  },
  {
    rule: 'TLS: renegotiation is allowed',
    only: 'refuses the renegotiation',
    file: 'native/tls_session.cc',
    from: 'openssl.SSL_set_options(ssl_.get(), SSL_OP_NO_RENEGOTIATION);',
    to: 'openssl.SSL_set_options(ssl_.get(), 0);',
  },
  {
    rule: 'TLS: sent counts ciphertext',
    only: 'in bytes of the user, and drains|says goodbye',
    file: 'native/bufferevent_tls.cc',
    from: 'if (sent > 0 && !failure) Sent(tls_->Sent(sent));',
    to: 'if (sent > 0 && !failure) Sent(static_cast<uint32_t>(sent) + 0 * tls_->Sent(sent));',
  },
  {
    rule: 'TLS: credit does not bring back what has been read ahead',
    only: 'F2:',
    file: 'native/socket.cc',
    from: 'if (HasPending() && MayRead()) TriggerRead();',
    to: '',
  },
  {
    rule: 'TLS: what has been read ahead is forgotten where there is no room',
    only: 'left it no room',
    file: 'native/socket.cc',
    from: `      if (HasPending()) {
        PauseReading();
        reactor_.Stall(this);
      }`,
    to: '',
  },
  {
    rule: 'TLS: answers to KeyUpdate without a bound',
    only: 'KeyUpdate',
    file: 'native/bufferevent_tls.cc',
    from: 'if (answers_ > kMostAnswers) {',
    to: 'if (answers_ > kMostAnswers && answers_ == 0) {',
  },
];
