/**
 * A broker of MQTT 3.1.1, for QoS 0 and 1, with wildcards, retained messages and wills:
 * `mosquitto_sub -p 40713 -t 'a/#'`.
 */
import { Option } from 'commander';
import type { WhenSaturated } from 'rxjs-libevent';
import { MqttBroker } from '../pipelines/MqttBroker';
import { serverCommand, type ServerOptions } from '../support/serverOptions';
import { Site } from '../support/Site';

interface MqttOptions extends ServerOptions {
  readonly whenSaturated: WhenSaturated;
}

const options = serverCommand('mqtt', 'A broker of MQTT 3.1.1.')
  .addOption(
    new Option('--when-saturated <what>', 'what a slow guest brings about')
      .choices(['hold', 'drop', 'close'])
      .default('drop'),
  )
  .parse()
  .opts<MqttOptions>();
const broker = new MqttBroker(options.whenSaturated);

// Until CONNECT says how long it may be silent.
new Site(options, { readTimeoutMs: 10_000 }).serve((conn) => broker.serve(conn));
