import type { ScheduleRun } from '../pipeline/answer.ts';
import { formatCount, formatNumber, formatPercent } from '../units.ts';
import { renderStrip } from './strip.ts';
import { plainStyle, type Style } from './style.ts';
import { renderFacts, wrap } from './wrap.ts';

/** Longer orders than this are for programs. */
const MOST_TASKS = 64;

/** A schedule by itself for people: how long it takes, how good that is, what it holds, and who runs what when. */
export function renderSchedule({ schedule, shape, timeline, answer }: ScheduleRun, style: Style = plainStyle): string {
  const { makespan, lowerBound, bubbleFraction, peakInFlight, order } = answer;
  const chunks = shape.virtualStages > 1 ? `, ${shape.virtualStages} virtual stages each` : '';
  const facts: [string, string][] = [
    ['pipeline', `${shape.stages} stages${chunks}, ${shape.microbatches} microbatches`],
    ['makespan', `${formatCost(makespan)}, ${boundText(makespan, lowerBound)}`],
    ['bubble', formatPercent(bubbleFraction)],
    ['in flight', `${peakInFlight.join(' ')} at most, by device`],
  ];
  const strip = renderStrip(timeline, `${formatCost(makespan)} from left to right`, style);
  const head = `${style.paint.bold(schedule.name)}: ${schedule.summary}`;
  return `${wrap(head, style.width, '  ')}${renderFacts(facts, style)}\n${strip}\n${renderOrder(order, style)}`;
}

/** A cost in the unit of the question. */
function formatCost(cost: number): string {
  return Number.isInteger(cost) ? formatCount(cost) : formatNumber(cost);
}

function boundText(makespan: number, lowerBound: number): string {
  const above = lowerBound > 0 ? makespan / lowerBound - 1 : 0;
  if (above < 0.0005) return 'and no order that holds no more is shorter';
  return `${formatPercent(above)} above ${formatCost(lowerBound)}, the lower bound of orders that hold no more`;
}

function renderOrder(order: readonly (readonly string[])[], style: Style): string {
  if (order.some((tasks) => tasks.length > MOST_TASKS))
    return style.paint.dim('  --json gives the order of every device\n');
  const width = `${order.length - 1}`.length;
  const lines = order.map((tasks, device) =>
    wrap(`  ${`${device}`.padStart(width)}  ${tasks.join(' ')}`, style.width, ' '.repeat(width + 4)),
  );
  return `${style.paint.bold('Order')}\n${lines.join('')}`;
}
