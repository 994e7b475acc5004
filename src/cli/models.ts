import type { ModelEntry } from '../graph/catalogue.ts';
import { formatCount } from '../units.ts';
import { type Listing, listingCommand } from './listing.ts';

interface Model extends ModelEntry {
  readonly parameters: number;
}

const right = 'right' as const;

const listing: Listing<Model> = {
  name: 'models',
  description: 'Lists the models that the "model" of a job can name, with their shapes and exact parameter counts.',
  examples: ['foretrain models', "foretrain models --json | jq '.[] | {name, parameters}'"],
  async entries() {
    const [{ models }, { parameterCount }] = await Promise.all([
      import('../graph/catalogue.ts'),
      import('../graph/parameters.ts'),
    ]);
    return models.map((entry) => ({ ...entry, parameters: parameterCount(entry.model) }));
  },
  columns: [
    { head: 'model' },
    { head: 'family' },
    { head: 'parameters', align: right },
    { head: 'layers', align: right },
    { head: 'hidden', align: right },
    { head: 'heads', align: right },
    { head: 'kv heads', align: right },
    { head: 'feed-forward', align: right },
    { head: 'vocabulary', align: right },
    { head: 'also', narrow: 'shorten' },
  ],
  row: ({ model, parameters, aliases }) => [
    model.name,
    model.family,
    formatCount(parameters),
    formatCount(model.layers),
    formatCount(model.hiddenSize),
    formatCount(model.attentionHeads),
    formatCount(model.keyValueHeads),
    formatCount(model.feedForwardSize),
    formatCount(model.vocabularySize),
    aliases.join(', '),
  ],
  json: ({ model, parameters, aliases, source }) => ({ ...model, parameters, aliases, source }),
};

/** `foretrain models`. */
export const modelsCommand = listingCommand(listing);
