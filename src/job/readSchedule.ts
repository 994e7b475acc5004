import type { Schedule } from '../pipeline/schedule.ts';
import { schedules } from '../pipeline/schedules/index.ts';
import type { FaultList } from './faults.ts';
import { schedulesNotModelled, schedulesToCome } from './notModelled.ts';
import { didYouMean } from './suggest.ts';
import { listed, shown } from './words.ts';

/** The schedule of that name, or a fault that says which there are. */
export function readSchedule(name: string | undefined, path: string, faults: FaultList): Schedule | undefined {
  if (name === undefined) return undefined;
  const schedule = schedules.find((one) => one.name === name);
  if (schedule !== undefined) return schedule;
  const names = schedules.map((one) => one.name);
  const toCome = [...schedulesNotModelled, ...schedulesToCome];
  if (toCome.includes(name)) {
    faults.add(path, `${name} is not modelled yet; ${listed(names)} are`, 'not-modelled');
  } else {
    const hint = didYouMean(name, [...names, ...toCome]) ?? `there are ${listed(names)}`;
    faults.add(path, `there is no schedule ${shown(name)}; ${hint}`, 'unknown');
  }
  return undefined;
}
