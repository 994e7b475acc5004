import { partDegrees } from '../core/metrics.ts';
import { flatGraphFrom } from '../csr.ts';
import type { MetisGraphFile } from '../format/read-graph.ts';
import type { CsrPartition } from '../partition.ts';
import type { Request } from './arguments.ts';

/** How long each step took, in seconds. */
export interface Times {
  readonly readSeconds: number;
  readonly partitionSeconds: number;
  readonly writeSeconds: number;
}

interface ConstraintBalance {
  /** k * heaviest part / total. */
  readonly reached: number;
  /** k * heaviest vertex / total: below that no partition gets when the vertex is heavier than a share. */
  readonly unavoidable: number;
  readonly heaviestPart: number;
  readonly weight: number;
  readonly share: number;
}

function balances(csr: MetisGraphFile, result: CsrPartition, k: number): ConstraintBalance[] {
  const { ncon } = csr;
  const n = csr.xadj.length - 1;
  return Array.from({ length: ncon }, (_, c) => {
    let total = 0;
    let heaviest = 0;
    for (let v = 0; v < n; v++) {
      const weight = csr.vwgt === null ? 1 : csr.vwgt[v * ncon + c];
      total += weight;
      heaviest = Math.max(heaviest, weight);
    }
    let heaviestPart = 0;
    for (let p = 1; p < k; p++) {
      if (result.partWeights[p * ncon + c] > result.partWeights[heaviestPart * ncon + c]) heaviestPart = p;
    }
    const weight = result.partWeights[heaviestPart * ncon + c];
    return {
      reached: total > 0 ? (k * weight) / total : 1,
      unavoidable: total > 0 ? (k * heaviest) / total : 1,
      heaviestPart,
      weight,
      share: total / k,
    };
  });
}

function degreesOf(csr: MetisGraphFile, parts: Int32Array, k: number): { max: number; min: number; average: number } {
  const degrees = partDegrees(flatGraphFrom(csr).graph, parts, k);
  let max = 0;
  let min = Infinity;
  let sum = 0;
  for (const degree of degrees) {
    max = Math.max(max, degree);
    min = Math.min(min, degree);
    sum += degree;
  }
  return { max, min, average: sum / k };
}

function facts(request: Request, csr: MetisGraphFile, result: CsrPartition) {
  const { parts: k } = request;
  return {
    vertices: csr.xadj.length - 1,
    edges: csr.adjncy.length / 2,
    constraints: csr.ncon,
    balance: balances(csr, result, k),
    partDegrees: degreesOf(csr, result.parts, k),
    discontiguousParts: result.components.filter((count) => count > 1).length,
  };
}

/** The report as JSON. */
export function describeJson(request: Request, csr: MetisGraphFile, result: CsrPartition, times: Times): string {
  const { file, parts, seed, quality, imbalance, output } = request;
  const { cut, communicationVolume, components, feasible, warnings } = result;
  const report = {
    file,
    parts,
    seed,
    quality,
    imbalance,
    output,
    ...facts(request, csr, result),
    cut,
    communicationVolume,
    partWeights: Array.from(result.partWeights),
    components,
    feasible,
    warnings,
    times,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** The report in lines, in the order of gpmetis. */
export function describeText(request: Request, csr: MetisGraphFile, result: CsrPartition, times: Times): string {
  const { file, parts, seed, quality, imbalance, output } = request;
  const {
    vertices,
    edges,
    constraints,
    balance,
    partDegrees: degrees,
    discontiguousParts,
  } = facts(request, csr, result);
  const seconds = (value: number): string => `${value.toFixed(3)} s`;
  const lines = [
    `Graph         ${file}: ${vertices} vertices, ${edges} edges, ${constraints} balance constraint${constraints === 1 ? '' : 's'}`,
    `Options       ${parts} parts, quality ${quality}, imbalance ${imbalance}, seed ${seed}`,
    '',
    `Edgecut       ${result.cut}`,
    `Volume        ${result.communicationVolume}`,
    ...balance.map((b, c) => `Balance ${c}     ${b.reached.toFixed(3)} out of ${b.unavoidable.toFixed(3)} unavoidable`),
    ...balance.map(
      (b, c) =>
        `Overweight ${c}  part ${b.heaviestPart} weighs ${b.weight}, its share is ${Number(b.share.toFixed(2))}` +
        ` (${b.reached.toFixed(3)})`,
    ),
    `Part degrees  max ${degrees.max}, min ${degrees.min}, average ${degrees.average.toFixed(2)}`,
    discontiguousParts === 0
      ? 'Contiguity    each part is contiguous'
      : `Contiguity    ${discontiguousParts} of ${parts} parts are in pieces, ${Math.max(...result.components)} at most`,
    '',
    `Read          ${seconds(times.readSeconds)}`,
    `Partition     ${seconds(times.partitionSeconds)}`,
    `Write         ${seconds(times.writeSeconds)}`,
    `Written to    ${output}`,
    ...result.warnings.map((warning) => `Warning       ${warning}`),
  ];
  return `${lines.join('\n')}\n`;
}
