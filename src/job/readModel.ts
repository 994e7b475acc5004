import { ForetrainError } from '../errors.ts';
import { findModel, modelNames, models } from '../graph/catalogue.ts';
import { completeModel, type ModelFields, type ModelSpec } from '../graph/model.ts';
import type { FaultList } from './faults.ts';
import { readGraphModel } from './readGraphModel.ts';
import type { JobInput } from './schema/job.ts';
import { type InlineModel, isHuggingFace } from './schema/model.ts';
import { didYouMean } from './suggest.ts';
import { listed, shown } from './words.ts';

/**
 * The model of a job: from the catalogue, or described field by field, with the defaults of its family.
 * @param sequenceLength of the job, tokens: the default of the model's longest sequence
 */
export function readModel(
  input: JobInput['model'],
  sequenceLength: number | undefined,
  faults: FaultList,
): ModelSpec | undefined {
  if (input === undefined || isHuggingFace(input)) return undefined;
  return typeof input === 'string' ? namedModel(input, faults) : inlineModel(input, sequenceLength, faults);
}

function namedModel(name: string, faults: FaultList): ModelSpec | undefined {
  const model = findModel(name);
  if (model !== undefined) return model;
  const own = models.map((entry) => entry.model.name);
  const hint = didYouMean(name, modelNames) ?? `\`foretrain models\` lists them: ${listed(own, 4)}`;
  faults.add('model', `there is no model ${shown(name)}; ${hint}`, 'unknown');
  return undefined;
}

const required: Readonly<Partial<Record<keyof ModelFields, string>>> = {
  family: 'write gpt, llama, bert or graph',
  layers: 'write how many transformer layers there are',
  hiddenSize: 'write the width of the residual stream',
  attentionHeads: 'write how many query heads a layer has',
  vocabularySize: "write the size of the model's own vocabulary, unpadded",
};

function inlineModel(input: InlineModel, sequenceLength: number | undefined, faults: FaultList): ModelSpec | undefined {
  const { family } = input;
  if (family === 't5') return undefined;
  if (family === 'graph') return readGraphModel(input, faults);
  if (input.graph !== undefined)
    faults.add('model.graph', 'goes with family graph; leave it out, or write that family');
  for (const [field, hint] of Object.entries(required)) {
    const path = `model.${field}`;
    if (input[field as keyof ModelFields] === undefined && faults.sound(path)) faults.add(path, `is missing; ${hint}`);
  }
  if (!faults.sound('model')) return undefined;
  try {
    // What belongs to the job itself is faulty already where it is missing.
    return completeModel(input as ModelFields, { sequenceLength: sequenceLength ?? 1, path: 'model' });
  } catch (error) {
    if (!(error instanceof ForetrainError)) throw error;
    for (const fault of error.faults) faults.add(fault.path, fault.message, fault.code);
    return undefined;
  }
}
