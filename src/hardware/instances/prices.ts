import type { Price } from '../instance.ts';

/** On demand on 2026-07-20, USD per hour of the instance. */
export function onDemandOf2026(usdPerHour: number): Price {
  return {
    usdPerHour,
    date: '2026-07-20',
    source:
      'V: aws/karpenter-provider-aws @1d92708, pricing generated 2026-07-20 from the EC2 price list (us-east-1, Linux)',
  };
}

/** On demand before the cut of June 2025, USD per hour of the instance: the same on both days it was read. */
export function onDemandBeforeCut(usdPerHour: number): readonly Price[] {
  return ['2024-12-02', '2023-09'].map((date) => ({
    usdPerHour,
    date,
    source: `V: aws/karpenter-provider-aws, history of its generated pricing (${date}; us-east-1, Linux)`,
  }));
}

/** On demand in April 2023, USD per hour of the instance, rounded as it was shown. */
export function onDemandOf2023(usdPerHour: number): Price {
  return {
    usdPerHour,
    date: '2023-04',
    source: 'V: AWS presentation on building foundation models (Japanese, 2023-04), us-east-1',
  };
}

/** Capacity Blocks effective 2026-07-01, USD per accelerator-hour. */
export function capacityBlockOf2026(usdPerHour: number, where?: string): Price {
  return {
    usdPerHour,
    date: '2026-07-01',
    source: `V: EC2 Capacity Blocks pricing page, effective 2026-07-01, as quoted on 2026-09-19${where === undefined ? '' : `; ${where}`}`,
  };
}

/** Capacity Blocks on the list valid until 2025-01-01, USD per accelerator-hour. */
export function capacityBlockOf2024(usdPerHour: number, where?: string): Price {
  return {
    usdPerHour,
    date: '2025-01-01',
    source: `V: EC2 Capacity Blocks pricing page, list valid until 2025-01-01${where === undefined ? '' : `; ${where}`}`,
  };
}
