import type { FaultList } from '../../job/faults.ts';
import { shown } from '../../job/words.ts';
import type { RequestInput } from './schema.ts';

/** One kind and number of instances as they are written, and where: paths of a job and of the request. */
export interface WrittenCluster {
  readonly instance: unknown;
  readonly count: number;
  readonly usdPerHour: number | undefined;
  readonly paths: Readonly<Record<'cluster.instance' | 'cluster.count' | 'cluster.usdPerHour', string>>;
}

/** `cluster` is one kind and number of instances, `clusters` several. */
export function clustersOf(input: RequestInput, faults: FaultList): readonly WrittenCluster[] {
  if (input.clusters !== undefined) {
    if (input.cluster !== undefined) faults.add('cluster', 'stands beside clusters; leave one out');
    return input.clusters.flatMap((entry, at) =>
      (entry?.counts ?? []).map((count, place) => ({
        instance: entry.instance,
        count,
        usdPerHour: entry.usdPerHour,
        paths: {
          'cluster.instance': `clusters.${at}.instance`,
          'cluster.count': `clusters.${at}.counts.${place}`,
          'cluster.usdPerHour': `clusters.${at}.usdPerHour`,
        },
      })),
    );
  }
  if (!faults.sound('clusters')) return [];
  const { cluster } = input;
  if (typeof cluster !== 'object' || cluster === null || Array.isArray(cluster)) {
    const would = 'write { "instance": "p4d.24xlarge", "count": 128 }, or clusters with several counts';
    faults.add(
      'cluster',
      cluster === undefined ? `is missing; ${would}` : `must be an object, not ${shown(cluster)}; ${would}`,
    );
    return [];
  }
  const { instance, count, usdPerHour, devices, ...rest } = cluster as Record<string, unknown>;
  if (devices !== undefined) {
    faults.add('cluster.devices', 'is not planned for; instances are booked whole, so write count', 'not-modelled');
  }
  if (count === undefined || Array.isArray(count)) {
    const would =
      'write how many instances there are, or clusters: [{ "instance": …, "counts": [64, 128] }] for several';
    faults.add('cluster.count', count === undefined ? `is missing; ${would}` : `must be one number; ${would}`);
    return [];
  }
  for (const field of Object.keys(rest)) faults.add(`cluster.${field}`, 'is not a field of a cluster', 'unknown');
  return [
    {
      instance,
      count: count as number,
      usdPerHour: usdPerHour as number | undefined,
      paths: {
        'cluster.instance': 'cluster.instance',
        'cluster.count': 'cluster.count',
        'cluster.usdPerHour': 'cluster.usdPerHour',
      },
    },
  ];
}
