import {
  BACKWARD,
  type DeviceOrders,
  FORWARD,
  FUSED_FORWARD,
  taskChunk,
  taskKind,
  taskMicrobatch,
  WEIGHT,
} from './schedule.ts';

const LETTER: Readonly<Record<number, string>> = {
  [FORWARD]: 'F',
  [FUSED_FORWARD]: 'F',
  [BACKWARD]: 'B',
  [WEIGHT]: 'W',
};

/** A task for people: `F3`, `B0`, `W2`; with its chunk or direction, `F3c1`, where a device has more than one. */
export function taskLabel(task: number, chunksPerDevice: number): string {
  const chunk = chunksPerDevice > 1 ? `c${taskChunk(task)}` : '';
  return `${LETTER[taskKind(task)]}${taskMicrobatch(task)}${chunk}`;
}

/** Device orders as labels; a fused pair is one, as `F3c0+B1c1`. */
export function orderLabels(orders: DeviceOrders, chunksPerDevice: number): string[][] {
  return orders.map((order) => {
    const labels: string[] = [];
    for (let i = 0; i < order.length; i++) {
      const label = taskLabel(order[i], chunksPerDevice);
      labels.push(taskKind(order[i]) === FUSED_FORWARD ? `${label}+${taskLabel(order[++i], chunksPerDevice)}` : label);
    }
    return labels;
  });
}
