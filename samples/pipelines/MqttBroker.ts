import {
  filter,
  finalize,
  map,
  merge,
  mergeMap,
  type Observable,
  Subject,
  takeUntil,
  takeWhile,
} from 'rxjs';
import { type Connection, frames, sendTo, type WhenSaturated } from 'rxjs-libevent';
import {
  MAX_BODY_BYTES,
  encodeMqtt,
  MQTT,
  mqttField,
  MqttFields,
  type MqttPacket,
  parseMqtt,
} from './mqttPackets';

interface Message {
  readonly topic: string;
  readonly payload: Buffer;
}

const RETAIN = 1;

/** `+` is one level of a topic, `#` at the end all that are left. */
function matches(filterText: string, topic: string): boolean {
  const levels = topic.split('/');
  const wanted = filterText.split('/');
  const rest = wanted.at(-1) === '#' ? wanted.length - 1 : undefined;
  if (rest === undefined && wanted.length !== levels.length) return false;
  return wanted.slice(0, rest).every((level, at) => level === '+' || level === levels[at]);
}

function publish({ topic, payload }: Message, flags = 0): Buffer {
  return encodeMqtt(MQTT.PUBLISH, flags, mqttField(topic), payload);
}

/** A broker of MQTT 3.1.1. It takes QoS 0 and 1, and delivers QoS 0. */
export class MqttBroker {
  private readonly messages = new Subject<Message>();
  private readonly retained = new Map<string, Message>();

  /** @param whenSaturated - what a guest that does not read brings about: `hold` holds who publishes */
  constructor(private readonly whenSaturated: WhenSaturated) {}

  /** Serves one guest, from CONNECT to DISCONNECT. */
  serve(conn: Connection): Observable<never> {
    const filters = new Set<string>();
    const gone = new Subject<void>();
    let will: Message | undefined;
    let greeted = false;

    const answer = ({ type, flags, body }: MqttPacket): readonly Buffer[] => {
      const fields = new MqttFields(body);
      if (greeted === (type === MQTT.CONNECT)) throw new Error('CONNECT comes first, and once');
      switch (type) {
        case MQTT.CONNECT: {
          greeted = true;
          if (fields.text() !== 'MQTT' || fields.byte() !== 4) throw new Error('only MQTT 3.1.1');
          const connectFlags = fields.byte();
          conn.setTimeouts({ readTimeoutMs: fields.number() * 1500 });
          fields.field();
          if ((connectFlags & 4) > 0) will = { topic: fields.text(), payload: fields.field() };
          return [encodeMqtt(MQTT.CONNACK, 0, Buffer.from([0, 0]))];
        }
        case MQTT.PUBLISH: {
          const topic = fields.text();
          const quality = (flags >> 1) & 3;
          if (quality > 1) throw new Error('QoS 2 is not supported');
          const id = quality > 0 ? fields.bytes(2) : undefined;
          this.publish({ topic, payload: fields.bytes() }, (flags & RETAIN) > 0);
          return id === undefined ? [] : [encodeMqtt(MQTT.PUBACK, 0, id)];
        }
        case MQTT.SUBSCRIBE: {
          const id = fields.bytes(2);
          const added: string[] = [];
          for (; !fields.empty; fields.byte()) added.push(fields.text());
          for (const one of added) filters.add(one);
          const kept = [...this.retained.values()].filter(({ topic }) =>
            added.some((one) => matches(one, topic)),
          );
          const granted = Buffer.alloc(added.length);
          return [
            encodeMqtt(MQTT.SUBACK, 0, id, granted),
            ...kept.map((message) => publish(message, RETAIN)),
          ];
        }
        case MQTT.UNSUBSCRIBE: {
          const id = fields.bytes(2);
          while (!fields.empty) filters.delete(fields.text());
          return [encodeMqtt(MQTT.UNSUBACK, 0, id)];
        }
        case MQTT.PINGREQ:
          return [encodeMqtt(MQTT.PINGRESP, 0)];
        case MQTT.DISCONNECT:
          will = undefined;
          return [];
        default:
          throw new Error(`a packet of type ${String(type)}`);
      }
    };

    const heard = this.messages.pipe(
      filter(({ topic }) => [...filters].some((one) => matches(one, topic))),
      map((message) => publish(message)),
      sendTo(conn, { whenSaturated: this.whenSaturated }),
      takeUntil(gone),
    );
    const said = conn.pipe(
      frames(parseMqtt, { maxLength: MAX_BODY_BYTES + 5 }),
      takeWhile(({ type }) => type !== MQTT.DISCONNECT, true),
      mergeMap(answer),
      sendTo(conn),
      finalize(() => {
        gone.next();
        if (will !== undefined) this.publish(will, false);
      }),
    );
    return merge(heard, said);
  }

  private publish(message: Message, retain: boolean): void {
    const { topic, payload } = message;
    if (retain && payload.length > 0) this.retained.set(topic, message);
    else if (retain) this.retained.delete(topic);
    this.messages.next(message);
  }
}
