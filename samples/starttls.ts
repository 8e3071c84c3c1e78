/**
 * A mail server that throws everything away, with STARTTLS: `openssl s_client -starttls smtp -quiet
 * -connect 127.0.0.1:40713`, then EHLO, MAIL, RCPT, DATA, QUIT.
 *
 * Mail is taken once the connection is secured, with a certificate that lasts a day. A client
 * that sends commands behind STARTTLS without waiting for its answer is reset: they would be taken for
 * encrypted.
 */
import { starttls } from './pipelines/starttls';
import { selfSigned } from './support/selfSigned';
import { serverOptions } from './support/serverOptions';
import { Site } from './support/Site';

const options = serverOptions('starttls', 'Takes mail, and throws it away.');

new Site(options).serve(starttls(selfSigned()));
