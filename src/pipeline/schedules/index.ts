import { fail } from '../../errors.ts';
import type { Schedule } from '../schedule.ts';
import { autoSchedule } from './auto.ts';
import { breadthFirst } from './breadthFirst.ts';
import { dualPipe } from './dualPipe.ts';
import { dualPipeV } from './dualPipeV.ts';
import { gpipe } from './gpipe.ts';
import { interleaved } from './interleaved.ts';
import { oneForwardOneBackward } from './oneForwardOneBackward.ts';
import { oneForwardOneBackwardEager } from './oneForwardOneBackwardEager.ts';
import { smpInterleaved } from './smpInterleaved.ts';
import { smpSimple } from './smpSimple.ts';
import { vHalf } from './vHalf.ts';
import { vMin } from './vMin.ts';
import { zeroBubbleH1 } from './zeroBubbleH1.ts';
import { zeroBubbleH2 } from './zeroBubbleH2.ts';
import { zeroBubbleV } from './zeroBubbleV.ts';

const named: readonly Schedule[] = [
  gpipe,
  oneForwardOneBackward,
  oneForwardOneBackwardEager,
  interleaved,
  breadthFirst,
  smpSimple,
  smpInterleaved,
  zeroBubbleH1,
  zeroBubbleH2,
  zeroBubbleV,
  vHalf,
  vMin,
  dualPipe,
  dualPipeV,
];

/** Every schedule foretrain runs. */
export const schedules: readonly Schedule[] = [...named, autoSchedule(named)];

const byName = new Map(schedules.map((schedule) => [schedule.name, schedule]));

/** The schedule of this name. @throws ForetrainError that lists the names there are */
export function findSchedule(name: string, path = 'schedule'): Schedule {
  const found = byName.get(name);
  if (found !== undefined) return found;
  const names = schedules.map((schedule) => schedule.name).join(', ');
  return fail(path, `there is no schedule "${name}"; there are ${names}`, 'unknown');
}
