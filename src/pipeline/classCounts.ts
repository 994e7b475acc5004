import { IntArrays } from './arrays.ts';

/** How often each class of cost occurs on each device, so that a run need not add up the cost of every task. */
export function countClasses(stages: number, device: Int32Array, costClass: Int32Array, classes: number) {
  const counts = new Int32Array(stages * classes);
  for (let k = 0; k < costClass.length; k++) counts[device[k] * classes + costClass[k]]++;
  let used = 0;
  for (let i = 0; i < counts.length; i++) if (counts[i] > 0) used++;
  const arrays = new IntArrays(3 * used);
  const busyDevice = arrays.take(used);
  const busyClass = arrays.take(used);
  const busyCount = arrays.take(used);
  for (let i = counts.length - 1; used > 0; i--) {
    if (counts[i] === 0) continue;
    used--;
    busyDevice[used] = Math.floor(i / classes);
    busyClass[used] = i % classes;
    busyCount[used] = counts[i];
  }
  return { busyDevice, busyClass, busyCount };
}
