import { constants } from 'node:os';
import { LibeventError } from 'rxjs-libevent';

describe('LibeventError', () => {
  it('is shaped like an error of the system', () => {
    const error = new LibeventError('ECONNREFUSED', 'connect', { address: '127.0.0.1', port: 80 });
    expect(error).toBeInstanceOf(Error);
    expect(Object.fromEntries(Object.entries(error))).toEqual({
      name: 'LibeventError',
      code: 'ECONNREFUSED',
      errno: -constants.errno.ECONNREFUSED,
      syscall: 'connect',
      address: '127.0.0.1',
      port: 80,
    });
    expect(error.message).toBe('connect ECONNREFUSED: connection refused 127.0.0.1:80');
    expect(String(error)).toMatch(/^LibeventError: connect ECONNREFUSED/);
    expect(error.stack).toContain('LibeventError.spec');
  });

  it('has no address, port or errno where there is none', () => {
    const error = new LibeventError('ERR_BASE_CLOSED', 'listen', { detail: 'the base is closed' });
    expect(error.message).toBe('listen ERR_BASE_CLOSED: the base is closed');
    for (const name of ['errno', 'address', 'port']) expect(error).not.toHaveProperty(name);
    expect(new LibeventError('EPIPE', 'write', { address: '/run/x' }).message).toMatch(
      / \/run\/x$/,
    );
  });

  it('says how much is allowed, in which unit, where a limit was broken', () => {
    const info = { detail: 'too long', length: 5, limit: 4 };
    const error = new LibeventError('ERR_FRAME_TOO_LONG', 'read', info);
    expect(error).toMatchObject({ length: 5, limit: 4, unit: 'bytes' });
    expect(error.message).toBe('read ERR_FRAME_TOO_LONG: too long');
    for (const name of ['length', 'limit', 'unit'])
      expect(new LibeventError('EPIPE', 'write')).not.toHaveProperty(name);
  });

  it('evutil_socket_error_to_string: knows every errno of the system by its name', () => {
    for (const [name, errno] of Object.entries(constants.errno)) {
      const error = LibeventError.of(errno, 'read');
      expect(error.errno).toBe(-errno);
      expect(constants.errno[error.code as keyof typeof constants.errno]).toBe(errno);
      expect(new LibeventError(name, 'read').errno).toBe(-errno);
    }
  });

  it('keeps the number of an errno that nobody knows', () => {
    expect(LibeventError.of(4242, 'read')).toMatchObject({ code: 'ERRNO_4242', errno: -4242 });
  });
});
