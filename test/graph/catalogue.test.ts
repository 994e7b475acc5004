import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ForetrainError } from '../../src/errors.ts';
import { findModel, findModelEntry, modelNames, models } from '../../src/graph/catalogue.ts';
import { completeModel, type ModelFields, type ModelSpec } from '../../src/graph/model.ts';
import { attentionParameters, parameterCount } from '../../src/graph/parameters.ts';

function model(name: string): ModelSpec {
  const found = findModel(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

describe('the model catalogue', () => {
  it('has a name once, and a source for each', () => {
    expect(new Set(modelNames).size).toBe(modelNames.length);
    expect(modelNames).toEqual(modelNames.map((name) => name.toLowerCase()));
    for (const entry of models) expect(entry.source, entry.model.name).toMatch(/^[VRD]: \S/);
  });

  it('answers to aliases', () => {
    expect(findModel('gpt2-xl')).toBe(model('gpt2-1.5b'));
    expect(findModel('llama3-405b')).toBe(model('llama3.1-405b'));
    expect(findModel('Llama-3-70B')).toBe(model('llama3-70b'));
    expect(findModel('gpt4')).toBeUndefined();
    expect(findModelEntry('gpt3-175b')?.source).toContain('2005.14165');
  });

  it('gives the shapes of the papers', () => {
    expect(model('gpt3-175b')).toEqual({
      name: 'gpt3-175b',
      family: 'gpt',
      layers: 96,
      hiddenSize: 12_288,
      attentionHeads: 96,
      keyValueHeads: 96,
      headSize: 128,
      feedForwardSize: 49_152,
      vocabularySize: 50_257,
      maxSequenceLength: 2_048,
      activation: 'gelu',
      norm: 'layernorm',
      positions: 'learned',
      bias: true,
      tiedEmbeddings: true,
      dropout: 0.1,
      queryKeyNorm: false,
    });
    expect(model('gpt3-13b')).toMatchObject({ hiddenSize: 5_140, attentionHeads: 40, headSize: 128 });
    expect(model('korthikanti-22b')).toMatchObject({ layers: 48, hiddenSize: 6_144, attentionHeads: 64, headSize: 96 });
    expect(model('gpt-j-6b')).toMatchObject({ headSize: 256, positions: 'rope' });
  });
});

describe('parameterCount', () => {
  it.each([
    ['gpt2-124m', 124_439_808],
    ['gpt2-355m', 354_823_168],
    ['gpt2-774m', 774_030_080],
    ['gpt2-1.5b', 1_557_611_200],
    ['gpt3-175b', 174_604_259_328],
    ['llama2-7b', 6_738_415_616],
    ['llama2-13b', 13_015_864_320],
    ['llama2-70b', 68_976_648_192],
    ['llama3-8b', 8_030_261_248],
    ['llama3-70b', 70_553_706_496],
    ['llama3.1-405b', 405_853_388_800],
    ['llama3.2-1b', 1_235_814_400],
    ['llama3.2-3b', 3_212_749_824],
    ['bert-base', 109_482_240],
    ['bert-large', 335_141_888],
  ])('%s has %i', (name, parameters) => {
    expect(parameterCount(model(name))).toBe(parameters);
  });

  it('grows the embedding with a padded vocabulary, and an untied head as well', () => {
    expect(parameterCount(model('gpt3-175b'), { vocabularySize: 51_200 })).toBe(174_615_846_912);
    const llama = model('llama3-8b');
    const grown = parameterCount(llama, { vocabularySize: llama.vocabularySize + 10 });
    expect(grown - parameterCount(llama)).toBe(2 * 10 * llama.hiddenSize);
  });

  it.each(
    models.filter(({ model }) => model.name.startsWith('megatron-')).map(({ model }) => [model.name, model] as const),
  )('%s has the billions of its name', (name, spec) => {
    expect(parameterCount(spec) / 1e9).toBeCloseTo(Number.parseFloat(name.slice('megatron-'.length)), 1);
  });

  it.each(models.map(({ model }) => [model.name, model] as const))(
    '%s has about the size of its name',
    (name, spec) => {
      const size = /-(\d+(?:\.\d+)?)([mbt])$/.exec(name);
      if (size === null) return;
      const scale = { m: 1e6, b: 1e9, t: 1e12 }[size[2] as 'm' | 'b' | 't'];
      const ratio = parameterCount(spec) / (Number(size[1]) * scale);
      expect(ratio).toBeGreaterThan(0.9);
      expect(ratio).toBeLessThan(1.25);
    },
  );

  it('is that of GPT-J but for its norms and biases', () => {
    expect(parameterCount(model('gpt-j-6b')) / 6_050_882_784).toBeCloseTo(1, 3);
  });

  it('is the closed form for every GPT of standard shape', () => {
    const sizes = fc.record({
      L: fc.integer({ min: 1, max: 200 }),
      a: fc.integer({ min: 1, max: 160 }),
      d: fc.integer({ min: 1, max: 160 }),
    });
    fc.assert(
      fc.property(sizes, ({ L, a, d }) => {
        const h = a * d;
        const gpt = completeModel({
          family: 'gpt',
          layers: L,
          hiddenSize: h,
          attentionHeads: a,
          vocabularySize: 1_000,
          maxSequenceLength: 64,
        });
        expect(parameterCount(gpt)).toBe(L * (12 * h * h + 13 * h) + 2 * h + 1_000 * h + 64 * h);
      }),
    );
  });

  it('adds no table for positions that are computed, and two small norms for queryKeyNorm', () => {
    const gpt = model('gpt2-124m');
    const table = gpt.maxSequenceLength * gpt.hiddenSize;
    for (const positions of ['rope', 'alibi', 'none'] as const) {
      expect(parameterCount({ ...gpt, positions })).toBe(parameterCount(gpt) - table);
    }
    const llama = model('llama3-8b');
    expect(attentionParameters({ ...llama, queryKeyNorm: true }) - attentionParameters(llama)).toBe(2 * llama.headSize);
  });

  it('refuses t5 by name', () => {
    expect(() => parameterCount({ ...model('bert-base'), family: 't5' })).toThrow(ForetrainError);
  });
});

describe('completeModel', () => {
  const llama: ModelFields = {
    family: 'llama',
    layers: 2,
    hiddenSize: 64,
    attentionHeads: 4,
    vocabularySize: 100,
    feedForwardSize: 96,
  };

  it('fills in what the family implies', () => {
    expect(completeModel(llama, { sequenceLength: 128 })).toEqual({
      ...llama,
      name: 'llama-2x64',
      keyValueHeads: 4,
      headSize: 16,
      maxSequenceLength: 128,
      activation: 'swiglu',
      norm: 'rmsnorm',
      positions: 'rope',
      bias: false,
      tiedEmbeddings: false,
      dropout: 0,
      queryKeyNorm: false,
    });
  });

  it('lets what is given win over the family', () => {
    const given = { dropout: 0, bias: false, tiedEmbeddings: false, positions: 'alibi', feedForwardSize: 100 } as const;
    const gpt = completeModel({ ...llama, family: 'gpt', ...given, maxSequenceLength: 8 }, { sequenceLength: 128 });
    expect(gpt).toMatchObject({ ...given, maxSequenceLength: 8 });
  });

  it.each([
    ['feedForwardSize', { feedForwardSize: undefined }],
    ['maxSequenceLength', { maxSequenceLength: undefined }],
    ['headSize', { attentionHeads: 5, keyValueHeads: 5 }],
    ['keyValueHeads', { keyValueHeads: 3 }],
    ['keyValueHeads', { keyValueHeads: 8 }],
    ['layers', { layers: 0 }],
    ['hiddenSize', { hiddenSize: 64.5, headSize: 16 }],
    ['dropout', { dropout: 1 }],
    ['family', { family: 't5' }],
  ] as const)('names %s when it is %o', (field, change) => {
    const fields: ModelFields = { ...llama, maxSequenceLength: 128, ...change };
    let faults: readonly { readonly path: string }[] = [];
    try {
      completeModel(fields);
    } catch (error) {
      if (error instanceof ForetrainError) faults = error.faults;
    }
    expect(faults.map(({ path }) => path)).toEqual([`model.${field}`]);
  });
});
