import { isGated } from './model.ts';
import type { UnitBuilder } from './unitBuilder.ts';

/** The feed-forward network, with or without a gate; returns its last operator. */
export function addFeedForward(unit: UnitBuilder, input: number): number {
  const { hiddenSize, feedForwardSize, bias } = unit.model;
  const { tensor, elementBytes } = unit.sharding;
  const width = feedForwardSize / tensor;
  const gated = isGated(unit.model);
  const own = unit.savedTokens * hiddenSize;
  const first = gated
    ? unit.stack.fusedProjections === 'all'
      ? [{ name: 'gate_up', widths: 2 }]
      : [
          { name: 'gate', widths: 1 },
          { name: 'up', widths: 1 },
        ]
    : [{ name: 'up', widths: 1 }];
  const entered = unit.enterTensor(input, 'feed_forward', first.length);
  const expanded = first.map(({ name, widths }, index) =>
    unit.add([entered], {
      ...unit.matmul(`feed_forward.${name}`, { m: unit.tokens, n: widths * width, k: hiddenSize }, own, bias, index),
      parameters: widths * width * (hiddenSize + (bias ? 1 : 0)),
      wholeParameters: widths * feedForwardSize * (hiddenSize + (bias ? 1 : 0)),
    }),
  );
  const inner = unit.tokens * width * elementBytes;
  // An eager gate keeps the activated half as well, and passes over it twice more.
  const eagerGate = gated && unit.eager ? inner : 0;
  const activated = unit.add(expanded, {
    kind: 'activation',
    module: 'feed_forward.activation',
    readBytes: (gated ? 2 : 1) * inner + eagerGate,
    writeBytes: inner + eagerGate,
    backwardBytes: (gated ? 5 : 3) * inner + 4 * eagerGate,
    ...(gated && unit.eager ? { kernels: { forward: 2, backward: 3 } } : {}),
    outputBytes: inner,
    saved: [{ name: 'input of the activation', bytes: (gated ? 2 : 1) * inner + eagerGate, core: false }],
  });
  const contracted = unit.add([activated], {
    ...unit.matmul('feed_forward.down', { m: unit.tokens, n: hiddenSize, k: width }, unit.tokens * width, bias),
    parameters: width * hiddenSize + (bias ? hiddenSize : 0),
    wholeParameters: feedForwardSize * hiddenSize + (bias ? hiddenSize : 0),
  });
  return unit.leaveTensor(contracted, 'feed_forward');
}
