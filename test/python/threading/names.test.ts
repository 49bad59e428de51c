import * as threading from 'rxjs-threading';
import { expect, it } from 'vitest';

/** What Python's module offers, but for what is deprecated there. */
const OFFERED = [
  'get_ident active_count Condition current_thread enumerate main_thread TIMEOUT_MAX Event Lock RLock Semaphore',
  'BoundedSemaphore Thread Barrier BrokenBarrierError Timer ThreadError setprofile settrace stack_size excepthook',
  'get_native_id getprofile gettrace setprofile_all_threads settrace_all_threads',
].flatMap((names) => names.split(' '));

/** Named otherwise here: `local` is no class name, and what a hook is told is a plain object. */
const RENAMED = { local: 'ThreadLocal' };

const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

it.each(OFFERED)('%s is there (test__all__)', (name) => {
  expect(threading).toHaveProperty(name === 'TIMEOUT_MAX' ? name : camel(name));
});

it.each(Object.entries(RENAMED))('%s is there as %s', (_, name) => {
  expect(threading).toHaveProperty(name);
});
