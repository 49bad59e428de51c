import { Test, type TestingModule } from '@nestjs/testing';
import { firstValueFrom } from 'rxjs';
import { PrimesModule } from './primes.module';
import { PrimesService } from './primes.service';

describe('PrimesService', () => {
  let app: TestingModule;

  beforeEach(async () => {
    app = await Test.createTestingModule({ imports: [PrimesModule] }).compile();
    await app.init();
  });

  afterEach(() => app.close()); // closes the pool

  it('counts in a thread', async () => {
    expect(await firstValueFrom(app.get(PrimesService).count(100))).toBe(25);
  });
});
