import type { Accelerator, Source } from '../accelerator.ts';

/** NCCL's three protocols: low latency, low latency with 128-byte lines, and simple. */
export type Protocol = 'LL' | 'LL128' | 'Simple';
export const protocols: readonly Protocol[] = ['LL', 'LL128', 'Simple'];

interface ProtocolFigures {
  /** Start of a ring or tree, and one step inside a node and between nodes, microseconds. */
  readonly ringBase: number;
  readonly treeBase: number;
  readonly ringStep: number;
  readonly treeStep: number;
  readonly ringNetworkStep: number;
  readonly treeNetworkStep: number;
  /** Share of the bus that carries payload. */
  readonly bandwidth: number;
}

/** @source NVIDIA/nccl 2.30.7 src/graph/tuning.cc: base latencies, NVLink and network hardware latencies */
export const protocolFigures: Readonly<Record<Protocol, ProtocolFigures>> = {
  LL: {
    ringBase: 6.6,
    treeBase: 6.8,
    ringStep: 0.6,
    treeStep: 0.6,
    ringNetworkStep: 2.7,
    treeNetworkStep: 5,
    bandwidth: 0.5,
  },
  LL128: {
    ringBase: 14,
    treeBase: 14,
    ringStep: 1.9,
    treeStep: 1.25,
    ringNetworkStep: 4,
    treeNetworkStep: 8.5,
    bandwidth: 0.92,
  },
  Simple: {
    ringBase: 8.4,
    treeBase: 8.4,
    ringStep: 3.4,
    treeStep: 4,
    ringNetworkStep: 14,
    treeNetworkStep: 14,
    bandwidth: 1,
  },
};

/** Cap of the low-latency protocol inside one node, and across nodes, bytes per second. */
export function lowLatencyCap(accelerator: Accelerator, nodes: number): number {
  const [one, two, more] =
    accelerator.generation === 'volta'
      ? [39, 39, 20.4]
      : accelerator.generation === 'blackwell'
        ? [282, 90, 70]
        : accelerator.generation === 'hopper'
          ? [141, 45, 35]
          : [87.7, 22.5, 19];
  return (nodes === 1 ? one : nodes === 2 ? two : more)! * 1e9;
}

/**
 * What a real collective takes beyond the published model: its launch, and filling its channels, which large messages
 * hide no better than in proportion to their size. All-reduces were measured; what goes round once fills half as long.
 */
export interface StartFigures {
  readonly launchSeconds: number;
  readonly fillSeconds: number;
  /** Message at which half of the filling time is felt. */
  readonly fillBytes: number;
  readonly source: Source;
}

const ampereStart: StartFigures = {
  launchSeconds: 12e-6,
  fillSeconds: 105e-6,
  fillBytes: 16 * 2 ** 20,
  source:
    'D: all-reduce on one A100 node, 4 MiB to 4 GiB, of two sources within 5% of each other: microsoft/vidur medians on 2, 4 and 8, Azure AI-benchmarking-guide on 8',
};
const hopperStart: StartFigures = {
  launchSeconds: 12e-6,
  fillSeconds: 30e-6,
  fillBytes: 8 * 2 ** 20,
  source: 'D: all-reduce medians of microsoft/vidur, 64 KiB to 64 MiB on 2, 4 and 8 H100',
};

const blackwellStart: StartFigures = {
  launchSeconds: 12e-6,
  fillSeconds: 170e-6,
  fillBytes: 16 * 2 ** 20,
  source: 'D: all-reduce on one p6-b200, 1 MiB to 1 GiB (ml-engineering)',
};
/** Inside one node, where the switch does not reduce. */
const blackwellRingStart: StartFigures = {
  launchSeconds: 6e-6,
  fillSeconds: 15e-6,
  fillBytes: 8 * 2 ** 20,
  source: 'D: all-reduce on four GB200, 64 KiB to 4 GiB (Azure AI-benchmarking-guide)',
};

/** @param byRingInside whether the ranks are of one node, and its switch leaves the work to them */
export function startFigures({ generation }: Accelerator, byRingInside: boolean): StartFigures {
  switch (generation) {
    case 'blackwell':
      return byRingInside ? blackwellRingStart : blackwellStart;
    case 'hopper':
      return hopperStart;
    default:
      return ampereStart;
  }
}
