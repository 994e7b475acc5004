import type { PipelinePlan } from './pipelinePlan.ts';

/** A function of plans that works out its result once for each, and forgets it with the plan. */
export function perPlan<T extends object>(workOut: (plan: PipelinePlan) => T): (plan: PipelinePlan) => T {
  const known = new WeakMap<PipelinePlan, T>();
  return (plan) => {
    let result = known.get(plan);
    if (result === undefined) {
      result = workOut(plan);
      known.set(plan, result);
    }
    return result;
  };
}
