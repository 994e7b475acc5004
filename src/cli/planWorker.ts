import { parentPort, workerData } from 'node:worker_threads';
import { calibratedBase, evaluateOne, readPlanRequest } from '../planner/index.ts';
import { messageOf } from './faults.ts';
import type { WorkerAnswer, WorkerQuestion, WorkerStart } from './planPool.ts';

/** One thread of `foretrain plan`: candidates in, what a search looks at of their simulations out. */
const { request, calibration } = workerData as WorkerStart;
const bases = readPlanRequest(request).cells.map(({ base }) => calibratedBase(base, calibration));

function answer({ number, cell, candidates }: WorkerQuestion): WorkerAnswer {
  try {
    return { number, evaluations: candidates.map((candidate) => evaluateOne(bases[cell]!, candidate)) };
  } catch (error) {
    return { number, error: messageOf(error) };
  }
}

parentPort?.on('message', (question: WorkerQuestion) => parentPort?.postMessage(answer(question)));
