import { describe, expect, test } from 'vitest';
import { parseJob } from '../../src/job/parseJob.ts';
import { faultsOf, goodJob, linesOf } from './jobs.ts';

const text = JSON.stringify(goodJob, null, 2);
const cutShort = 'the text ends before a job is complete; a bracket, brace or quotation mark is still open';

test('a good job is read, with or without a byte order mark', () => {
  expect(parseJob(text).cluster.devices).toBe(960);
  expect(parseJob(`\ufeff${text}`).cluster.devices).toBe(960);
});

describe('a syntax fault has line and column for a path', () => {
  test.each([
    ['nothing', '', 'line 1, column 1: there is nothing here; a job is a JSON object in braces'],
    ['blanks', ' \n\t ', 'line 1, column 1: there is nothing here; a job is a JSON object in braces'],
    ['words', 'hello world', 'line 1, column 1: JSON does not start with "hello"; a job is a JSON object in braces'],
    [
      'words below',
      '\n\n  model: x',
      'line 3, column 3: JSON does not start with "model"; a job is a JSON object in braces',
    ],
    ['bytes', '\u0000\u0001\ufffd', 'line 1, column 1: this is not text but bytes; a job is a JSON object in UTF-8'],
    ['cut after a field', '{\n  "model": "gpt3-175b",\n', `line 2, column 24: ${cutShort}`],
    ['cut inside text', '{\n  "model": "gpt3-1', `line 2, column 19: ${cutShort}`],
    ['cut inside a list', '{ "a": [1, 2', `line 1, column 13: ${cutShort}`],
    [
      'NaN',
      '{ "a": NaN }',
      'line 1, column 8: "NaN" is no JSON value; text and names of fields stand in double quotes, numbers are digits',
    ],
    [
      'single quotes',
      "{ 'a': 1 }",
      `line 1, column 3: "'a'" is no JSON value; text and names of fields stand in double quotes, numbers are digits`,
    ],
    [
      'a last comma',
      '{\n  "a": 1,\n}',
      'line 3, column 1: here must be the name of a field in double quotes, not "}"; after the last field there is no comma',
    ],
    ['a comment', '{ // why\n}', 'line 1, column 3: JSON has no comments; leave it out'],
    [
      'a missing colon',
      '{ "a" 1 }',
      'line 1, column 7: between the name of a field and its value must be a colon, not "1"',
    ],
    [
      'a missing comma',
      '{ "a": 1 "b": 2 }',
      'line 1, column 10: between two fields or values must be a comma, not "b"',
    ],
    [
      'two objects',
      '{}\n{}',
      'line 2, column 1: the text should end before this, not "{"; one JSON object is all there may be',
    ],
    [
      'a line break in text',
      '{ "a": "x\ny" }',
      'line 1, column 8: this text has no closing quotation mark on its line; write \\n for a line break inside text',
    ],
    [
      'a backslash',
      '{ "a": "C:\\q" }',
      'line 1, column 8: this text has a backslash that JSON does not know; write \\\\ for a backslash',
    ],
  ])('%s', (_, broken, line) => {
    expect(linesOf(() => parseJob(broken))).toEqual([line]);
    expect(faultsOf(() => parseJob(broken))[0]?.code).toBe('syntax');
  });
});

test('wherever a job is cut, the end of the text is the fault', () => {
  for (let length = 1; length < text.length; length++) {
    const cut = text.slice(0, length);
    const [fault, ...others] = faultsOf(() => parseJob(cut));
    expect(others).toEqual([]);
    expect(fault?.code).toBe('syntax');
    expect(fault?.path).toBe(
      `line ${cut.trimEnd().split('\n').length}, column ${(cut.trimEnd().split('\n').at(-1) ?? '').length + 1}`,
    );
  }
});

describe('50 MB of noise are answered in one short sentence', () => {
  const size = 50e6;
  test.each<[string, () => string]>([
    ['bytes', () => noise(size).toString('latin1')],
    ['bytes read as UTF-8', () => noise(size).toString('utf8')],
    ['letters', () => noise(size).toString('base64')],
    ['letters after a brace', () => `{${noise(size).toString('base64')}`],
    ['letters after a quotation mark', () => `{"${noise(size).toString('base64')}`],
    ['blanks', () => ' '.repeat(size)],
  ])('%s', (_, make) => {
    const broken = make();
    const faults = faultsOf(() => parseJob(broken));
    expect(faults).toHaveLength(1);
    expect(faults[0]?.code).toBe('syntax');
    expect(faults[0]?.message.length).toBeLessThan(160);
  });
});

/** Bytes of a fixed pseudorandom sequence. */
function noise(length: number): Buffer {
  const words = new Uint32Array(length / 4);
  let state = 0x9e3779b9;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return Buffer.from(words.buffer);
}
