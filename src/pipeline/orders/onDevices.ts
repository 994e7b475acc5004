import {
  BACKWARD,
  type DeviceMap,
  type DeviceOrders,
  FORWARD,
  type PipelineCosts,
  type PipelineShape,
} from '../schedule.ts';
import { WakeTree } from '../wakeTree.ts';
import { OrderWriter } from './writer.ts';

/** What a free device prefers: a ready backward pass, or forward passes until it has run all of them. */
export type Preference = 'backward-first' | 'forwards-first';

const NEVER = Number.POSITIVE_INFINITY;
const NONE = -1;

/** Passes of one virtual stage: how many it has begun, and when the input of each is there. All come in order. */
interface Queue {
  begun: number;
  readonly ready: Float64Array;
}

/**
 * The order that a policy finds as it goes where virtual stages sit on any devices, several on one or a device visited
 * again: a free device runs the ready pass of the lowest microbatch, of the kind that it prefers, else it waits. With
 * backward passes first, the first virtual stage admits a microbatch only while fewer than `activeMicrobatches` are in
 * flight.
 */
export function ordersOnDevices(
  { devices }: DeviceMap,
  shape: PipelineShape,
  { forward, backward, communication }: PipelineCosts,
  preference: Preference,
): DeviceOrders {
  const { stages, microbatches, activeMicrobatches } = shape;
  const last = devices.length - 1;
  const queue = (): Queue => ({ begun: 0, ready: new Float64Array(microbatches).fill(NEVER) });
  const forwards = devices.map(queue);
  const backwards = devices.map(queue);
  forwards[0].ready.fill(0);
  const stagesOn = Array.from({ length: stages }, (_, device) =>
    devices.flatMap((on, stage) => (on === device ? [stage] : [])),
  );
  const chunkOf = devices.map((device, stage) => stagesOn[device].indexOf(stage));
  const orders = stagesOn.map((own) => new OrderWriter(2 * microbatches * own.length));
  const forwardsLeft = stagesOn.map((own) => own.length * microbatches);
  // The pass that a device runs: its virtual stage (NONE while idle) and kind.
  const running = new Int32Array(stages).fill(NONE);
  const runningKind = new Int8Array(stages);
  const done = { [FORWARD]: new Int32Array(devices.length), [BACKWARD]: new Int32Array(devices.length) };
  const wakes = new WakeTree(stages);
  wakes.set(devices[0], 0);

  const deliver = (to: Queue, stage: number, microbatch: number, arrival: number) => {
    to.ready[microbatch] = arrival;
    const device = devices[stage];
    if (running[device] === NONE && arrival < wakes.at(device)) wakes.set(device, arrival);
  };
  const complete = (device: number, now: number) => {
    const stage = running[device];
    running[device] = NONE;
    const kind = runningKind[device] === FORWARD ? FORWARD : BACKWARD;
    const microbatch = done[kind][stage]++;
    if (kind === FORWARD && stage === last) deliver(backwards[stage], stage, microbatch, now);
    else if (kind === FORWARD) deliver(forwards[stage + 1], stage + 1, microbatch, now + hop(stage));
    else if (stage > 0) deliver(backwards[stage - 1], stage - 1, microbatch, now + hop(stage - 1));
  };
  const hop = (stage: number) => (devices[stage] === devices[stage + 1] ? 0 : communication[stage]);
  /** The stage whose next pass of a kind is ready with the lowest microbatch, and the soonest moment of any. */
  const next = (device: number, of: readonly Queue[], now: number) => {
    let stage = NONE;
    let soonest = NEVER;
    for (const own of stagesOn[device]) {
      const { begun, ready } = of[own];
      if (begun === microbatches) continue;
      const admits =
        own > 0 ||
        of === backwards ||
        preference === 'forwards-first' ||
        begun - done[BACKWARD][0] < activeMicrobatches;
      if (!admits) continue;
      if (ready[begun] < soonest) soonest = ready[begun];
      if (ready[begun] <= now && (stage === NONE || begun < of[stage].begun)) stage = own;
    }
    return { stage, soonest };
  };
  const begin = (device: number, stage: number, kind: typeof FORWARD | typeof BACKWARD, now: number) => {
    running[device] = stage;
    runningKind[device] = kind;
    if (kind === FORWARD) {
      orders[device].forward(forwards[stage].begun++, chunkOf[stage]);
      forwardsLeft[device]--;
      wakes.set(device, now + forward[stage]);
    } else {
      orders[device].backward(backwards[stage].begun++, chunkOf[stage]);
      wakes.set(device, now + backward[stage]);
    }
  };

  const awake = new Set<number>();
  while (wakes.earliest < NEVER) {
    const now = wakes.earliest;
    while (wakes.earliest <= now) {
      const device = wakes.first();
      wakes.set(device, NEVER);
      awake.add(device);
      if (running[device] !== NONE) complete(device, now);
    }
    for (const device of awake) {
      const back =
        preference === 'backward-first' || forwardsLeft[device] === 0
          ? next(device, backwards, now)
          : { stage: NONE, soonest: NEVER };
      const ahead = next(device, forwards, now);
      if (back.stage !== NONE) begin(device, back.stage, BACKWARD, now);
      else if (ahead.stage !== NONE) begin(device, ahead.stage, FORWARD, now);
      else wakes.set(device, Math.min(back.soonest, ahead.soonest));
    }
    awake.clear();
  }
  return orders.map((order) => order.finish());
}
