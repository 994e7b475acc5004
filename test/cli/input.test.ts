import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readLines } from '../../src/cli/input.ts';
import { ClosedPipe, createOutput, type OutputStream } from '../../src/cli/streams.ts';

async function* chunks(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function linesOf(parts: readonly Uint8Array[], longest?: number) {
  const lines = [];
  for await (const line of readLines(chunks(parts), longest)) lines.push(line);
  return lines;
}

it('finds the lines of a stream wherever it is cut', async () => {
  const text = 'one\n\nzwölf → 12\r\n"\u2028"\nlast';
  const bytes = new TextEncoder().encode(text);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length)), async (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const parts = at.slice(1).map((end, i) => bytes.slice(at[i], end));
      const lines = await linesOf(parts);
      expect(lines.map((line) => line.text)).toEqual(['one', '', 'zwölf → 12\r', '"\u2028"', 'last']);
      expect(lines.map((line) => line.number)).toEqual([1, 2, 3, 4, 5]);
    }),
  );
});

it('lets a line go that is longer than any job', async () => {
  const lines = await linesOf([new TextEncoder().encode(`short\n${'x'.repeat(50)}\nshort`)], 20);
  expect(lines.map((line) => line.text)).toEqual(['short', undefined, 'short']);
});

class FakeStream implements OutputStream {
  written: string[] = [];
  full = false;
  readonly #listeners = new Map<string, ((error: Error) => void)[]>();
  write(text: string): boolean {
    this.written.push(text);
    return !this.full;
  }
  on(event: 'error' | 'drain', listener: (error: Error) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }
  once = this.on;
  off(): void {}
  emit(event: 'error' | 'drain', error = new Error('none')): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(error);
  }
}

it('waits where the reader is behind', async () => {
  const stream = new FakeStream();
  const output = createOutput(stream);
  stream.full = true;
  let done = false;
  const writing = output.write('a').then(() => {
    done = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(done).toBe(false);
  stream.emit('drain');
  await writing;
  expect(done).toBe(true);
});

it('ends quietly where the reader has gone, also while it waits', async () => {
  const stream = new FakeStream();
  const output = createOutput(stream);
  stream.full = true;
  const writing = output.write('a');
  stream.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await expect(writing).rejects.toBeInstanceOf(ClosedPipe);
  await expect(output.write('b')).rejects.toBeInstanceOf(ClosedPipe);
  expect(stream.written).toEqual(['a']);
});
