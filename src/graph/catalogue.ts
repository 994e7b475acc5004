import type { ModelSpec } from './model.ts';
import { bert } from './models/bert.ts';
import type { ModelEntry } from './models/define.ts';
import { gpt2 } from './models/gpt2.ts';
import { gpt3 } from './models/gpt3.ts';
import { gptj } from './models/gptj.ts';
import { llama } from './models/llama.ts';
import { korthikanti, megatron } from './models/megatron.ts';

export type { ModelEntry } from './models/define.ts';

/** Every model of the catalogue, a family after the other, small before large. */
export const models: readonly ModelEntry[] = [
  ...gpt2,
  ...gpt3,
  ...megatron,
  ...korthikanti,
  ...gptj,
  ...llama,
  ...bert,
];

/** Every name a model answers to: its own, then its aliases. */
export const modelNames: readonly string[] = models.flatMap((entry) => [entry.model.name, ...entry.aliases]);

/** The entry of that name or alias, whatever the case of its letters; undefined where the catalogue has none. */
export function findModelEntry(name: string): ModelEntry | undefined {
  const wanted = name.toLowerCase();
  return models.find((entry) => entry.model.name === wanted || entry.aliases.includes(wanted));
}

/** The shape of that name or alias; undefined where the catalogue has none. */
export function findModel(name: string): ModelSpec | undefined {
  return findModelEntry(name)?.model;
}
