/** What is said in answer to a line, and what comes next. */
export interface MailAnswer {
  readonly text: string;
  readonly next: 'line' | 'handshake' | 'end';
}

function say(text: string, next: MailAnswer['next'] = 'line'): MailAnswer {
  return { text: text === '' ? '' : `${text}\r\n`, next };
}

/** The server's part in SMTP (RFC 5321), with STARTTLS (RFC 3207). Mail goes nowhere. */
export class MailDialogue {
  private reads: 'commands' | 'message' = 'commands';

  constructor(private readonly wire: 'plain' | 'secured') {}

  answer(line: string): MailAnswer {
    if (this.reads === 'message') {
      if (line !== '.') return say('');
      this.reads = 'commands';
      return say('250 thrown away');
    }
    const [verb = ''] = line.toUpperCase().split(/[ :]/);
    switch (verb) {
      case 'EHLO':
        return say(this.wire === 'plain' ? '250-localhost\r\n250 STARTTLS' : '250 localhost');
      case 'HELO':
        return say('250 localhost');
      case 'NOOP':
      case 'RSET':
        return say('250 fine');
      case 'QUIT':
        return say('221 bye', 'end');
      case 'STARTTLS':
        return this.wire === 'plain' ? say('220 go on', 'handshake') : say('503 it is secured');
      case 'MAIL':
      case 'RCPT':
        return say(this.wire === 'plain' ? '530 STARTTLS first' : '250 fine');
      case 'DATA':
        if (this.wire === 'plain') return say('530 STARTTLS first');
        this.reads = 'message';
        return say('354 up to a line with a dot');
      default:
        return say('502 not here');
    }
  }
}
