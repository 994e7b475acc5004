import type { KwayState } from './kway-state.ts';
import type { Rng } from './random.ts';
export function refineByFlow(_state: KwayState, _reach: number, _rng: Rng): void {}
