import type { Source } from '../accelerator.ts';

/** Documents that catalogue figures were read in, by short name. */
export const documents = {
  karpenter:
    'aws/karpenter-provider-aws @1d92708 (2026-08-21), instance-types reference (EC2 DescribeInstanceTypes values) and generated bandwidth tables',
  neuron: 'aws-neuron/aws-neuron-sdk @81ce03a (2026-08-21), hardware architecture and runtime pages',
  engineering:
    'stas00/ml-engineering @744d01e (2026-08-22), compute/accelerator, network and training/performance chapters',
  ofi: 'aws/aws-ofi-nccl @2daf7d3 (2026-08-21), platform-aws.cpp, tuner model and topology files',
  ec2Guide: 'awsdocs/amazon-ec2-user-guide (2023), accelerated-computing-instances.md',
  awsome: 'awslabs/awsome-distributed-training @0edaf15 (2026-06-01), EFA cheat sheet and micro-benchmarks',
  instances2026: 'AWS P5, P6 and P6e instance pages, as quoted in notes of 2026-04 and 2026-10',
  azure:
    'egmsft/AI-benchmarking-guide @0682f76 (2025-07) and Azure/AI-benchmarking-guide @f350e7e, ND H100, H200, GB200 and GB300: cuBLASLt on random operands after 10,000 other products',
  scalingBook: 'jax-ml/scaling-book, tpus.md',
  amd: 'AMD product pages, as quoted on 2026-09-19',
  topology: 'published nvidia-smi topo -m output of 8 x V100 SXM2 (DGX-1V class)',
  nvidiaSmi: 'published nvidia-smi output',
} as const;

export type DocumentName = keyof typeof documents;

/** A figure seen in a document, with what must be said about it. */
export function seen(document: DocumentName, detail?: string): Source {
  return `V: ${documents[document]}${detail === undefined ? '' : `; ${detail}`}`;
}

/** A figure recalled, not seen. */
export function recalled(detail = 'vendor data sheet'): Source {
  return `R: ${detail}`;
}

/** A figure computed from others by a stated rule. */
export function derived(rule: string): Source {
  return `D: ${rule}`;
}
