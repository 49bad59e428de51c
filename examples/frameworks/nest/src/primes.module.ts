import { Module } from '@nestjs/common';
import { PrimesController } from './primes.controller';
import { PrimesService } from './primes.service';

@Module({ controllers: [PrimesController], providers: [PrimesService] })
export class PrimesModule {}
