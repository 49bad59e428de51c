import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { Response } from 'express';
import { ThreadError } from 'rxjs-threading';

/** A pool that is full or closed: 503. */
@Catch(ThreadError)
export class BusyFilter extends BaseExceptionFilter implements ExceptionFilter {
  override catch(error: ThreadError, host: ArgumentsHost): void {
    if (error.code !== 'ERR_POOL') {
      super.catch(error, host);
      return;
    }
    const response = host.switchToHttp().getResponse<Response>();
    response.status(503).set('Retry-After', '1').json({ error: 'all workers are busy' });
  }
}
