/** What test/redis/fence.test.ts uses of pg, which declares nothing itself. */
declare module 'pg' {
  export class Client {
    constructor(address: string);
    connect(): Promise<void>;
    query(text: string, values?: unknown[]): Promise<{ rowCount: number | null; rows: unknown[] }>;
    end(): Promise<void>;
  }
}
