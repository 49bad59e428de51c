import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Inspection, MonitorEvent, MonitorMessage } from 'rxjs-threading/monitor';
import { applyMessage } from '../../../src/monitor/apply-message.js';
import { endWithTest } from '../children.js';

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

/** `top --json` of a monitor, as the moments that it leads to. */
export class Top {
  now: Inspection | undefined;
  /** All of them, oldest first. */
  readonly moments: Inspection[] = [];
  readonly events: MonitorEvent[] = [];
  readonly #process;

  constructor(url: string) {
    const args = [cli, 'top', url, '--json'];
    this.#process = endWithTest(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
    createInterface(this.#process.stdout).on('line', (line) => {
      const { id: _, ...message } = JSON.parse(line) as MonitorMessage & { readonly id: number };
      this.now = applyMessage(this.now, message as MonitorMessage);
      if (message.kind === 'events') this.events.push(...message.events);
      else if (this.now !== undefined) this.moments.push(this.now);
    });
  }

  close(): void {
    this.#process.kill();
  }
}
