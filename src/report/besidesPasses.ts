import { type Breakdown, type BreakdownKind, breakdownKinds } from '../step/report.ts';
import { formatDecimal } from '../units.ts';

/** Parts of a step other than its passes, short enough for a column. */
const names: Readonly<Partial<Record<BreakdownKind, string>>> = {
  tensorComm: 'tensor comm',
  pipelineComm: 'pipeline comm',
  dataComm: 'data comm',
  contextComm: 'context comm',
  expertComm: 'expert comm',
  offload: 'offload',
  optimizer: 'optimizer',
  bubble: 'bubble',
  other: 'host',
};

/** How many parts are named, and the least share of a step that is worth naming. */
const MOST_PARTS = 2;
const LEAST_SHARE = 0.01;

/**
 * The largest parts of a step that are not forward, backward or recomputation, with their shares: where its passes are
 * well known, an error is most likely there.
 */
export function besidesPassesText(breakdown: Breakdown): string {
  const total = breakdownKinds.reduce((sum, kind) => sum + breakdown[kind], 0);
  return breakdownKinds
    .flatMap((kind) => {
      const name = names[kind];
      const share = breakdown[kind] / total;
      return name === undefined || !(share >= LEAST_SHARE) ? [] : [{ name, share }];
    })
    .sort((a, b) => b.share - a.share)
    .slice(0, MOST_PARTS)
    .map(({ name, share }) => `${name} ${formatDecimal(100 * share, 0)}%`)
    .join(', ');
}
