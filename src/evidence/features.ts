/** A run as plain figures and names: what makes one run like another. */
export interface RunFeatures {
  /** Accelerator by name, its generation and its maker. */
  readonly accelerator: string;
  readonly generation: string;
  readonly vendor: string;
  readonly stack: string;
  readonly precision: string;
  readonly recompute: string;
  readonly tensor: number;
  readonly pipeline: number;
  readonly data: number;
  readonly context: number;
  readonly virtualStages: number;
  readonly zeroStage: number;
  readonly devices: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly sequenceLength: number;
  readonly globalBatchSize: number;
  readonly microBatchSize: number;
}

/** The features that are names, and those that are counts, in the order in which rows are written. */
export const nameFeatures = ['accelerator', 'generation', 'vendor', 'stack', 'precision', 'recompute'] as const;
export const countFeatures = [
  'tensor',
  'pipeline',
  'data',
  'context',
  'virtualStages',
  'zeroStage',
  'devices',
  'hiddenSize',
  'layers',
  'sequenceLength',
  'globalBatchSize',
  'microBatchSize',
] as const;

/** A published run: what it was, what was measured, and what foretrain says of it. */
export interface EvidenceRow {
  readonly id: string;
  readonly set: string;
  readonly source: string;
  readonly features: RunFeatures;
  readonly measuredSeconds: number;
  readonly predictedSeconds: number;
}
