/**
 * libevent's own first sample: every client gets one message, and the connection closes when the
 * message has been sent.
 */
import { helloWorld } from './pipelines/helloWorld';
import { serverOptions } from './support/serverOptions';
import { Site } from './support/Site';

new Site(serverOptions('hello-world', 'One message to every client.')).serve(helloWorld);
