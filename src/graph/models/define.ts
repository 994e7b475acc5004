import { completeModel, type ModelFields, type ModelSpec } from '../model.ts';

/** A model of the catalogue. */
export interface ModelEntry {
  readonly model: ModelSpec;
  /** Other names it goes by. */
  readonly aliases: readonly string[];
  /** Where the shape is published; marks: V seen, R recalled, D derived. */
  readonly source: string;
}

/** A catalogue entry from a shape as its paper gives it. */
export function defineModel(
  fields: ModelFields & { readonly name: string; readonly maxSequenceLength: number },
  source: string,
  aliases: readonly string[] = [],
): ModelEntry {
  return { model: completeModel(fields), aliases, source };
}
