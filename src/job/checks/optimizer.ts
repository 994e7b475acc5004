import type { Check } from '../draft.ts';

/**
 * A precision-aware optimizer is Adam on 16-bit parameters, and shares its states among the replicas.
 * @source Megatron-LM megatron/core/optimizer/optimizer_config.py: what it refuses
 */
export const optimizer: Check = ({ stack, training, parallelism }, faults) => {
  const aware = stack?.precisionAwareOptimizer;
  const path = 'stack.precisionAwareOptimizer';
  if (aware === undefined || faults.names(path)) return;
  if (training.optimizer !== undefined && training.optimizer !== 'adam') {
    faults.add(path, `steps with Adam only, and training.optimizer is ${training.optimizer}; adam would do`);
  }
  if (training.precision === 'fp32') {
    faults.add(path, 'keeps states of 16-bit parameters, and training.precision is fp32; bf16 would do');
  }
  if (parallelism.zeroStage === 0) {
    faults.add(path, 'goes with an optimizer that replicas share, and parallelism.zeroStage is 0; 1 would do');
  }
  if (stack?.fusedOptimizer === false) {
    faults.add(path, 'is one kernel, and stack.fusedOptimizer is false; true would do');
  }
  if ((parallelism.offload?.optimizer ?? 0) > 0) {
    const message = 'beside parallelism.offload.optimizer is not modelled yet; either of them is';
    faults.add(path, message, 'not-modelled');
  }
};
