import {
  Controller,
  Get,
  type MessageEvent,
  Param,
  ParseIntPipe,
  Res,
  Sse,
  UseFilters,
} from '@nestjs/common';
import type { Response } from 'express';
import { defaultIfEmpty, fromEvent, map, type Observable, takeUntil } from 'rxjs';
import type { PoolStats } from 'rxjs-threading';
import { BusyFilter } from './busy.filter';
import { PrimesService } from './primes.service';

@Controller()
@UseFilters(BusyFilter)
export class PrimesController {
  constructor(private readonly service: PrimesService) {}

  @Get('primes/:below')
  count(
    @Param('below', ParseIntPipe) below: number,
    @Res({ passthrough: true }) response: Response,
  ): Observable<{ primes: number } | undefined> {
    const clientLeft = fromEvent(response, 'close');
    return this.service.count(below).pipe(
      map((primes) => ({ primes })),
      takeUntil(clientLeft),
      defaultIfEmpty(undefined),
    );
  }

  @Get('stats')
  stats(): PoolStats {
    return this.service.stats;
  }

  @Sse('stats/live')
  live(): Observable<MessageEvent> {
    return this.service.stats$.pipe(map((data) => ({ data })));
  }
}
