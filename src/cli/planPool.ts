import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Calibration } from '../job/calibration.ts';
import type { Candidate, Evaluate, Evaluation } from '../planner/index.ts';

/** Threads that simulate candidates. */
export interface Pool {
  readonly evaluate: Evaluate;
  close(): Promise<void>;
}

/** What a thread is started with: it reads the request by itself. */
export interface WorkerStart {
  readonly request: unknown;
  readonly calibration: Calibration | undefined;
}

/** A share of a batch, and its answer. */
export interface WorkerQuestion {
  readonly number: number;
  readonly cell: number;
  readonly candidates: readonly Candidate[];
}
export interface WorkerAnswer {
  readonly number: number;
  readonly evaluations?: readonly Evaluation[];
  readonly error?: string;
}

/** A batch is no larger, and each thread has its own caches. */
const mostThreads = 8;

/**
 * A pool for a request, or undefined where one thread is all there is: on one processor, and where foretrain runs from
 * its sources, which threads do not read.
 */
export function createPool(request: unknown, calibration: Calibration | undefined): Pool | undefined {
  const threads = Math.min(mostThreads, availableParallelism());
  if (threads < 2 || import.meta.url.endsWith('.ts')) return undefined;
  const start: WorkerStart = { request, calibration };
  let workers: readonly PoolWorker[] | undefined;
  return {
    async evaluate(cell, candidates) {
      // Threads are started by the first batch: a request with faults has none.
      workers ??= Array.from({ length: threads }, () => createWorker(start));
      const share = Math.ceil(candidates.length / workers.length);
      const parts = await Promise.all(
        workers.map((worker, at) => worker.ask(cell, candidates.slice(at * share, (at + 1) * share))),
      );
      return parts.flat();
    },
    async close() {
      await Promise.all((workers ?? []).map((worker) => worker.close()));
    },
  };
}

interface PoolWorker {
  ask(cell: number, candidates: readonly Candidate[]): Promise<readonly Evaluation[]>;
  close(): Promise<unknown>;
}

function createWorker(start: WorkerStart): PoolWorker {
  const worker = new Worker(new URL('./planWorker.js', import.meta.url), { workerData: start });
  const waiting = new Map<number, { resolve(found: readonly Evaluation[]): void; reject(error: Error): void }>();
  let asked = 0;
  worker.on('message', ({ number, evaluations, error }: WorkerAnswer) => {
    const { resolve, reject } = waiting.get(number)!;
    waiting.delete(number);
    if (evaluations === undefined) reject(new Error(error ?? 'a thread gave no answer'));
    else resolve(evaluations);
  });
  worker.on('error', (error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  });
  return {
    ask(cell, candidates) {
      if (candidates.length === 0) return Promise.resolve([]);
      const number = asked++;
      return new Promise((resolve, reject) => {
        waiting.set(number, { resolve, reject });
        const question: WorkerQuestion = { number, cell, candidates };
        worker.postMessage(question);
      });
    },
    close: () => worker.terminate(),
  };
}
