import { formatCount, formatNumber, formatPercent } from '../units.ts';
import { plainStyle, type Style } from './style.ts';
import { renderTable } from './table.ts';
import { renderFacts } from './wrap.ts';

/** A graph cut into parts, and what the cut is worth. */
export interface GraphFacts {
  readonly parts: Readonly<Record<string, number>>;
  readonly cut: number;
  readonly communicationVolume: number;
  readonly imbalance: number;
  readonly acyclic: boolean;
  readonly bottleneck: number;
  readonly lowerBound: number;
}

/** Parts that a table shows; --json has all. */
const mostParts = 64;

/** A graph cut into `count` parts, for people: what is cut, how even the parts are, and who is in them. */
export function renderGraphPartition(found: GraphFacts, count: number, style: Style = plainStyle): string {
  const { cut, communicationVolume, imbalance, acyclic, bottleneck, lowerBound } = found;
  const members = Array.from({ length: count }, (): string[] => []);
  for (const [node, part] of Object.entries(found.parts)) members[part].push(node);
  const above = lowerBound > 0 ? bottleneck / lowerBound - 1 : 0;
  const facts: [string, string][] = [
    ['cut', `${amount(cut)}, communication volume ${amount(communicationVolume)}`],
    [
      'heaviest part',
      `${amount(bottleneck)}, ${formatPercent(Math.max(0, above))} above ${amount(lowerBound)}, which no partition is below`,
    ],
    ['imbalance', formatPercent(imbalance)],
    ['order', acyclic ? 'the parts can run one after another' : 'edges between parts lead in circles'],
  ];
  const rows = members
    .slice(0, mostParts)
    .map((nodes, part) => [`${part}`, formatCount(nodes.length), nodes.join(' ')]);
  const table = renderTable(
    [
      { head: 'part', align: 'right' },
      { head: 'nodes', align: 'right' },
      { head: 'which', narrow: 'shorten' },
    ],
    rows,
    style,
  );
  const nodes = Object.keys(found.parts).length;
  const title = style.paint.bold(`${formatCount(nodes)} nodes in ${formatCount(count)} parts`);
  return `${title}\n${renderFacts(facts, style)}\n${table}`;
}

function amount(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : formatNumber(value);
}
