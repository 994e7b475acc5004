import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readJob } from '../../src/job/readJob.ts';
import { faultsOf } from './jobs.ts';

const folder = new URL('../../validation/', import.meta.url);

/** Sets of which every row is read. */
const readWhole = ['bloom', 'korthikanti', 'llama-layouts', 'vtrain-multi', 'vtrain-single', 'zero-bubble'];

interface Row {
  readonly id: string;
  readonly job: unknown;
}

describe('every published run is read, or refused as not modelled', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  test.each(files)('%s', (file) => {
    const lines = readFileSync(new URL(file, folder), 'utf8').trim().split('\n');
    const refused = lines
      .map((line) => JSON.parse(line) as Row)
      .flatMap(({ id, job }) => faultsOf(() => readJob(job)).map((fault) => ({ id, ...fault })));
    expect(refused.filter((fault) => fault.code !== 'not-modelled')).toEqual([]);
    if (readWhole.includes(file.replace('.jsonl', ''))) expect(refused).toEqual([]);
  });
});
