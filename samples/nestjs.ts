/**
 * A Nest application over libevent, on the wire of Nest's TCP transport: any Nest client talks to it. A client
 * that does not read the lines of a file is waited for.
 */
import 'reflect-metadata';
import { createReadStream } from 'node:fs';
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, type MicroserviceOptions, MessagePattern } from '@nestjs/microservices';
import { firstValueFrom, type Observable, take } from 'rxjs';
import { EventBase, lines } from 'rxjs-libevent';
import { LibeventServer } from 'rxjs-libevent/nestjs';
import { fromReadable } from 'rxjs-libevent/streams';
import { interrupted } from './support/interrupted';
import { serverOptions } from './support/serverOptions';

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

async function run(): Promise<void> {
  const { host, port, threads } = serverOptions('nestjs', 'A Nest application over libevent.');
  const strategy = new LibeventServer({ host, port, base: new EventBase({ threads }) });
  const options: MicroserviceOptions = { strategy };
  // Nest declares its options as a class that nobody makes.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, options);
  await app.listen();
  const bound = await firstValueFrom(strategy.unwrap().bound);
  console.log(`listening on ${bound.address}:${String(bound.port)} (Nest)`);
  await firstValueFrom(interrupted().pipe(take(1)));
  await app.close();
}

void run();
