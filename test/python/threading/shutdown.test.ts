import { expect, it } from 'vitest';
import { runFixture } from '../../support/run-fixture.js';

const QUIET = { code: 0, signal: null, stderr: '' };

const PROGRAMS = [
  {
    title: 'the process waits for a thread (test_join_nondaemon_on_shutdown, test_1_join_on_shutdown)',
    program: 'join-on-shutdown',
    stdout: 'end of main\nend of thread\n',
  },
  {
    title: 'the process waits for a thread that a thread started (test_thread_from_thread)',
    program: 'thread-from-thread',
    stdout: 'end of thread\n',
  },
  {
    title: 'a trace function keeps nothing from ending (test_finalize_with_trace)',
    program: 'traced',
    stdout: 'traced\n',
  },
  {
    title:
      'at the exit main is main, its values are there, what has ended is joined and nothing starts ' +
      '(test_main_thread_during_shutdown, test_locals_at_exit, ' +
      'test_join_finished_daemon_thread_in_finalization, test_start_new_thread_at_finalization)',
    program: 'at-exit',
    stdout: 'true <_MainThread(MainThread, started 4096)>\nvalue\nfalse true\nOK\n',
  },
  {
    title:
      'daemons end with the process and run no finally (test_4_daemon_threads, test_finalize_daemon_thread_hang)',
    program: 'daemons',
    stdout: 'end of main\n',
  },
  {
    title: 'a worker may load it where main does not (test_import_from_another_thread)',
    program: 'imported-elsewhere',
    stdout: 'true\n',
  },
  {
    title: 'a thread may end after main has come to its end (test_finalization_shutdown)',
    program: 'finalization',
    stdout: '',
  },
];

it.concurrent.each(PROGRAMS.map(({ title, program, stdout }) => [title, program, stdout] as const))(
  '%s',
  async (_, program, stdout) => {
    expect(await runFixture(`threading/programs/${program}.js`)).toEqual({ ...QUIET, stdout });
  },
);

it('process.exit ends it with its code, whatever runs (test_finalize_running_thread)', async () => {
  const end = await runFixture('threading/programs/exit-code.js');
  expect(end).toEqual({ ...QUIET, code: 42, stdout: '' });
});

it('an error nobody asked for is printed, and changes no exit code (test_print_exception)', async () => {
  const { code, stdout, stderr } = await runFixture('threading/programs/unheard.js');
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  expect(stderr).toMatch(/^Exception in thread unheard thread:\nRangeError: no good\n\s+at fail .*jobs\.js/);
});

it('threads that run keep no signal from ending it (test_keyboard_interrupt_during_threading_shutdown)', async () => {
  const { signal } = await runFixture('threading/programs/interrupted.js', {
    heard: (stdout, send) => {
      if (stdout === 'aaa') send('SIGINT');
    },
  });
  expect(signal).toBe('SIGINT');
});
