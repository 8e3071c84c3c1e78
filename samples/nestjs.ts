/**
 * A Nest application over libevent, on the wire of Nest's TCP transport: any Nest client talks to it. A client
 * that does not read the lines of a file is waited for. With `--nest` it is served by Nest's own transport, to compare.
 */
import 'reflect-metadata';
import { createReadStream } from 'node:fs';
import { type AddressInfo, Server } from 'node:net';
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  EventPattern,
  type MicroserviceOptions,
  MessagePattern,
  Transport,
} from '@nestjs/microservices';
import { firstValueFrom, type Observable, take } from 'rxjs';
import { EventBase, lines, type Listener } from 'rxjs-libevent';
import { LibeventServer } from 'rxjs-libevent/nestjs';
import { fromReadable } from 'rxjs-libevent/streams';
import { interrupted } from './support/interrupted';
import { selfSigned } from './support/selfSigned';
import { serverCommand, type ServerOptions } from './support/serverOptions';

class AppController {
  private readonly logger = new Logger(AppController.name);

  @MessagePattern('sum')
  sum(numbers: number[]): number {
    return numbers.reduce((total, one) => total + one, 0);
  }

  @MessagePattern('lines')
  lines(path: string): Observable<string> {
    return fromReadable(createReadStream(path)).pipe(lines());
  }

  @EventPattern('said')
  said(text: string): void {
    this.logger.log(text);
  }
}

@Module({ controllers: [AppController] })
// Nest's modules are what their decorator says.
// eslint-disable-next-line @typescript-eslint/no-extraneous-class
class AppModule {}

interface Options extends ServerOptions {
  readonly tls?: true;
  readonly path?: string;
  readonly nest?: true;
}

async function run(): Promise<void> {
  const command = serverCommand('nestjs', 'A Nest application over libevent.')
    .option('--tls', 'secured, with a certificate of its own that lasts a day')
    .option('--path <file>', 'a unix socket in the place of a port')
    .option('--nest', "by Nest's own transport");
  const { host, port, path, threads, tls, nest } = command.parse().opts<Options>();
  const secured = tls ? { tlsOptions: selfSigned() } : {};
  const where = path === undefined ? { host, port } : { path };
  const options: MicroserviceOptions = nest
    ? { transport: Transport.TCP, options: { host, port, ...secured } }
    : { strategy: new LibeventServer({ ...where, ...secured, base: new EventBase({ threads }) }) };
  // Nest declares its options as a class that nobody makes.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, options);
  await app.listen();
  const server = app.unwrap<Listener | Server>();
  const bound =
    server instanceof Server
      ? (server.address() as AddressInfo)
      : await firstValueFrom(server.bound);
  console.log(`listening on ${bound.address}:${String(bound.port)} (Nest)`);
  await firstValueFrom(interrupted().pipe(take(1)));
  await app.close();
}

void run();
