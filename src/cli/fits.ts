import { fail } from '../errors.ts';
import type { ModelSpec } from '../graph/model.ts';
import type { Instance } from '../hardware/instance.ts';
import type { Hosting } from '../memory/hosting.ts';
import { formatBytes, formatCount } from '../units.ts';
import { type Arguments, type Command, type Io, jsonOption, printJson } from './command.ts';

/** `foretrain fits`: whether one instance can hold a model for inference. */
export const fitsCommand: Command = {
  name: 'fits',
  usage: ['fits MODEL INSTANCE [--tokens N] [--json]'],
  description: [
    'Says whether the weights of a model in 16 bits and a cache of keys and values fit in',
    'the memory of one instance, for inference. No more than that: nothing about speed.',
    '',
    'MODEL is a name that `foretrain models` lists, INSTANCE one that `foretrain instances`',
    'lists. By default the cache is for one sequence of the longest length of the model.',
  ].join('\n'),
  options: [{ name: 'tokens', value: 'N', help: 'tokens in the cache, of all requests together' }, jsonOption],
  examples: ['foretrain fits gpt3-175b inf2.48xlarge', 'foretrain fits llama3-70b g5.48xlarge --tokens 65536'],
  argument: { name: 'MODEL INSTANCE', most: 2 },

  async run(args: Arguments, io: Io): Promise<number> {
    const [modelName, instanceName] = args.positionals;
    if (modelName === undefined) fail('MODEL', 'is missing; `foretrain models` lists the names');
    if (instanceName === undefined) fail('INSTANCE', 'is missing; `foretrain instances` lists the names');
    const [model, instance] = await Promise.all([modelNamed(modelName), instanceNamed(instanceName)]);
    const tokens = tokensOf(args.value('tokens')) ?? model.maxSequenceLength;
    const { hosting } = await import('../memory/hosting.ts');
    const answer = hosting(model, instance, tokens);
    if (args.has('json')) await printJson(io, { model: model.name, instance: instance.name, tokens, ...answer });
    else await io.stdout.write(textOf(model, instance, tokens, answer));
    return 0;
  },
};

async function modelNamed(name: string): Promise<ModelSpec> {
  const [{ findModel, modelNames }, { nearestName }] = await Promise.all([
    import('../graph/catalogue.ts'),
    import('../nearest.ts'),
  ]);
  const near = nearestName(name, modelNames);
  return findModel(name) ?? unknown('MODEL', `there is no model ${name}`, near, 'models');
}

async function instanceNamed(name: string): Promise<Instance> {
  const [{ findInstance, instances }, { nearestName }] = await Promise.all([
    import('../hardware/catalogue.ts'),
    import('../nearest.ts'),
  ]);
  const near = nearestName(
    name,
    instances.map((instance) => instance.name),
  );
  return findInstance(name) ?? unknown('INSTANCE', `there is no instance ${name}`, near, 'instances');
}

function unknown(path: string, what: string, near: string | undefined, list: string): never {
  const hint = near === undefined ? `\`foretrain ${list}\` lists them` : `did you mean ${near}?`;
  return fail(path, `${what}; ${hint}`, 'unknown');
}

function tokensOf(written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  const tokens = Number(written);
  if (Number.isSafeInteger(tokens) && tokens >= 1) return tokens;
  return fail('--tokens', `must be a whole number, 1 or more; not ${written}`);
}

function textOf(model: ModelSpec, instance: Instance, tokens: number, answer: Hosting): string {
  const { fits, weightsBytes, cacheBytes, cacheBytesPerToken, capacityBytes, mostTokens } = answer;
  const left = capacityBytes - weightsBytes - cacheBytes;
  const verdict = fits ? `fits, ${formatBytes(left)} to spare` : `does not fit: ${formatBytes(-left)} too much`;
  const rows: readonly (readonly [string, string])[] = [
    ['weights', `${formatBytes(weightsBytes)} in 16 bits`],
    ['cache', `${formatBytes(cacheBytes)} for ${formatCount(tokens)} tokens, ${formatBytes(cacheBytesPerToken)} each`],
    ['memory', `${formatBytes(capacityBytes)} usable on ${formatCount(instance.ranks)} ranks`],
    ['most', `${formatCount(mostTokens)} tokens beside the weights`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    `${model.name} on one ${instance.name}: ${verdict}`,
    ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
    '',
  ].join('\n');
}
