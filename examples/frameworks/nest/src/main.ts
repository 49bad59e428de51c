import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { monitorHandler } from 'rxjs-threading/monitor';
import { PrimesModule } from './primes.module';

async function main(): Promise<void> {
  const app = await NestFactory.create(PrimesModule, { logger: ['warn', 'error'] });
  app.use('/threads', monitorHandler()); // for this machine alone: for another one, give a token
  app.enableShutdownHooks(); // SIGTERM, SIGINT: beforeApplicationShutdown is called
  await app.listen(process.env.PORT ?? 3000);
}

void main();
