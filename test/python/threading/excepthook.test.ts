import { currentThread, type ExceptHookArgs, excepthook, setExcepthook } from 'rxjs-threading';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RunFails } from '../../fixtures/threading/task-thread.js';

let printed = '';

beforeEach(() => {
  printed = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
});

afterEach(() => {
  setExcepthook(null);
  vi.restoreAllMocks();
});

async function runFailing(): Promise<RunFails> {
  const thread = new RunFails({ name: 'excepthook thread' });
  thread.start();
  await thread.join();
  // The error is told once it is clear that nobody has subscribed to it.
  await new Promise((resolve) => setTimeout(resolve, 20));
  return thread;
}

describe('the error that ends a thread', () => {
  it('is printed with the name of the thread and its stack (test_excepthook, test_print_exception)', async () => {
    const thread = await runFailing();
    expect(printed).toContain(`Exception in thread ${thread.name}:\n`);
    expect(printed).toContain('RangeError: run failed');
    expect(printed).toMatch(/at .*run .*task-thread\.js/);
  });

  it('is printed when there is no thread to tell (test_excepthook_thread_None)', () => {
    excepthook({ error: new RangeError('bug'), thread: null });
    expect(printed).toContain('Exception in thread ');
    expect(printed).toMatch(/RangeError: bug\n\s+at /);
  });

  it('goes to the hook that is set (test_custom_excepthook)', async () => {
    const told: ExceptHookArgs[] = [];
    setExcepthook((args) => told.push(args));
    const thread = await runFailing();
    expect(told).toHaveLength(1);
    expect(told[0]?.error).toBeInstanceOf(RangeError);
    expect(told[0]?.error).toMatchObject({ message: 'run failed' });
    expect(told[0]?.thread).toBe(thread);
    expect(printed).toBe('');
  });

  it('is printed with that of the hook when the hook fails (test_custom_excepthook_fail)', async () => {
    setExcepthook(() => {
      throw new RangeError('the hook failed');
    });
    await runFailing();
    expect(printed).toContain('RangeError: run failed');
    expect(printed).toContain('the hook failed');
  });

  it('is printed again once the hook is taken away (test_original_excepthook)', async () => {
    const run = async (): Promise<string> => {
      printed = '';
      await runFailing();
      return printed;
    };
    const first = await run();
    setExcepthook(() => process.stderr.write('a thread failed\n'));
    expect(await run()).toBe('a thread failed\n');
    setExcepthook(excepthook);
    expect(await run()).toBe(first);
    setExcepthook(null);
    expect(await run()).toBe(first);
  });
});

it('a thread that is there to be asked is not told of twice', async () => {
  const thread = new RunFails();
  const result = thread.start().result();
  await expect(result).rejects.toThrow('run failed');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(printed).toBe('');
  expect(currentThread().isAlive()).toBe(true);
});
