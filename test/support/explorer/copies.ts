import type { EventLoop } from './event-loop.js';
import { Memory } from './memory.js';
import type { MemoryMap, SimulatedCells } from './memory-map.js';
import type { Operation } from './operation.js';
import type { Port, SimulatedProcess } from './port.js';
import { simulatedModules } from './simulated-modules.js';
import {
  instantiate,
  PRIMITIVES,
  type Primitives,
  type Sources,
  THREADS,
  type ThreadModules,
} from './sources.js';

/** One thread's copy of the modules. It serves one thread after the other: code that has run before runs faster. */
export class Copy {
  readonly memory = new Memory();
  readonly primitives: Primitives & ThreadModules;
  /** Tells the thread of the end of the worker of another, by its index; undefined without a table of threads. */
  readonly starts: ((thread: number) => void) | undefined;
  readonly #port: SwitchedPort;
  readonly #sources: Sources;

  private constructor(sources: Sources, port: Port) {
    this.#sources = sources;
    this.#port = new SwitchedPort(port);
    const simulated = simulatedModules(this.#port);
    this.starts = (simulated.process as { starts?(thread: number): void } | undefined)?.starts;
    const entries = port.process === undefined ? PRIMITIVES : [...PRIMITIVES, ...THREADS];
    this.primitives = instantiate(sources, simulated, this.memory, entries);
  }

  static for(port: Port, sources: Sources): Copy {
    // With a table of threads a copy is that of one worker.
    const copy = port.process === undefined ? idle.get(sources)?.pop() : undefined;
    if (copy === undefined) return new Copy(sources, port);
    copy.#port.to = port;
    return copy;
  }

  /** The thread needs it no more. */
  giveBack(): void {
    const copies = idle.get(this.#sources) ?? [];
    idle.set(this.#sources, copies);
    copies.push(this);
  }
}

const idle = new WeakMap<Sources, Copy[]>();

class SwitchedPort implements Port {
  to: Port;

  constructor(to: Port) {
    this.to = to;
  }

  get thread(): number {
    return this.to.thread;
  }

  get loop(): EventLoop {
    return this.to.loop;
  }

  get allocator(): MemoryMap | null {
    return this.to.allocator;
  }

  get process(): SimulatedProcess | undefined {
    return this.to.process;
  }

  reserved(words: number): SimulatedCells | undefined {
    return this.to.reserved?.(words);
  }

  known(): number | undefined {
    return this.to.known?.();
  }

  perform(operation: Operation): number {
    return this.to.perform(operation);
  }
}
