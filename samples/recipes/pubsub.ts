/** Topics, with readers that are slow: each says what becomes of what it cannot take. */
import { PubSub } from '../pipelines/PubSub';
import { serverOptions } from '../support/serverOptions';
import { Site } from '../support/Site';

const topics = new PubSub();

new Site(serverOptions('pubsub', 'Lines by topic, to slow readers, too.')).serve((conn) =>
  topics.serve(conn),
);
