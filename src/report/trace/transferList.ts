import { laneDevice, type PipelinePlan } from '../../pipeline/plan.ts';
import { BACKWARD } from '../../pipeline/schedule.ts';
import { arrivalsOf } from './arrivals.ts';
import type { TraceSource } from './source.ts';

/** One hand-over between devices: who made it, who takes it, and when it is on its way. */
export interface Transfer {
  readonly from: number;
  readonly to: number;
  readonly fromDevice: number;
  readonly toDevice: number;
  /** Hidden states go forward, their gradients backward. */
  readonly backward: boolean;
  /** Virtual stage below the boundary that it crosses. */
  readonly boundary: number;
  readonly start: number;
  readonly end: number;
}

/** Looks transfers up by number: 2 · consumer, and one more for the backward part of a fused pair. */
export interface TransferList {
  /** The transfer of that number; undefined where its task takes nothing from another device. */
  find(number: number): Transfer | undefined;
  readonly numbers: number;
}

/** The transfers of a timeline; each is put together when it is asked for. */
export function transferList({ timeline, transfers, communication }: TraceSource): TransferList {
  const { plan } = timeline;
  const { tasks, costClass, input, inputTransfer, pairInput, pairInputTransfer } = plan;
  const arrivals = arrivalsOf(timeline, transfers, communication);
  return {
    numbers: 2 * tasks,
    find(number) {
      const to = Math.floor(number / 2);
      const pair = number % 2 === 1;
      if (pair && pairInput.length === 0) return undefined;
      const from = pair ? pairInput[to]! : input[to]!;
      const transfer = (pair ? pairInputTransfer : inputTransfer)[costClass[to]!]!;
      if (from === tasks || transfer === 0) return undefined;
      const end = pair ? arrivals.pairInput[to]! : arrivals.input[to]!;
      return {
        from,
        to,
        ...devicesOf(plan, from, to),
        backward: pair || plan.kind[to] === BACKWARD,
        boundary: transfer - 1,
        start: end - communication[transfer - 1]!,
        end,
      };
    },
  };
}

function devicesOf(plan: PipelinePlan, from: number, to: number) {
  return { fromDevice: laneDevice(plan, plan.lane[from]!), toDevice: laneDevice(plan, plan.lane[to]!) };
}
