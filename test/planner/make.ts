import fc from 'fast-check';
import { readPlanRequest } from '../../src/planner/index.ts';
import { type Candidate, candidatesOf } from './candidatesOf.ts';

/** A request as a person writes it. */
export type WrittenRequest = Readonly<Record<string, unknown>>;

const software: readonly (readonly [instance: string, counts: readonly number[], stacks: readonly string[]])[] = [
  [
    'p4d.24xlarge',
    [1, 2, 3, 4],
    ['megatron-2021', 'megatron-2023', 'megatron-core', 'megatron-deepspeed', 'deepspeed', 'smp-v1'],
  ],
  ['p5.48xlarge', [1, 2, 4, 16], ['megatron-core', 'fsdp1', 'fsdp2', 'smp-v2', 'aleph-alpha-scaling']],
  ['trn1.32xlarge', [1, 2, 3], ['neuronx-distributed']],
];

const models = ['gpt2-124m', 'gpt3-1.3b', 'gpt3-6.7b', 'llama2-7b', 'llama3-8b', 'gpt-j-6b', 'bert-large'];

/** Requests over every stack, small and large. */
export const anyRequest: fc.Arbitrary<WrittenRequest> = fc
  .record({
    place: fc.constantFrom(
      ...software.flatMap(([instance, counts, stacks]) =>
        stacks.flatMap((stack) => counts.map((count) => ({ instance, count, stack }))),
      ),
    ),
    model: fc.constantFrom(...models),
    globalBatchSize: fc.constantFrom(8, 12, 16, 32, 48, 64, 96),
    sequenceLength: fc.constantFrom(256, 512),
    precision: fc.constantFrom('fp16', 'bf16', 'fp8'),
    objective: fc.constantFrom('stepTime', 'timeToTrain', 'usd'),
    partitioner: fc.constantFrom(undefined, undefined, ['exact'], ['uniform']),
  })
  .map(({ place, model, globalBatchSize, sequenceLength, precision, objective, partitioner }) => ({
    model,
    cluster: { instance: place.instance, count: place.count },
    stack: place.stack,
    training: { sequenceLength, globalBatchSize, precision, tokens: 1e9 },
    objective,
    ...(partitioner === undefined ? {} : { search: { partitioner } }),
  }))
  .filter((request) => isRequest(request) && candidatesOf(request).length > 0);

function isRequest(request: WrittenRequest): boolean {
  try {
    readPlanRequest(request);
    return true;
  } catch {
    return false;
  }
}

/** A request with some of its configurations. */
export function someCandidates(most: number): fc.Arbitrary<{ request: WrittenRequest; chosen: readonly Candidate[] }> {
  return anyRequest.chain((request) => {
    const all = candidatesOf(request);
    return fc
      .array(fc.nat({ max: all.length - 1 }), { minLength: 1, maxLength: most })
      .map((places) => ({ request, chosen: places.map((place) => all[place]!) }));
  });
}
