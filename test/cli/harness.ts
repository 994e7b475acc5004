import { Readable, Writable } from 'node:stream';
import { run } from '../../src/cli/main.ts';

interface Terminal {
  /** What is piped to standard input; without it, nothing. */
  readonly stdin?: string | readonly string[];
  readonly stdinIsTTY?: boolean;
  readonly stdoutIsTTY?: boolean;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Lines of standard error. */
  readonly faults: readonly string[];
}

/** Runs a command line in this process and gives back all that it wrote. */
export async function foretrain(args: readonly string[], terminal: Terminal = {}): Promise<Outcome> {
  const { stdin = '', stdinIsTTY = false, stdoutIsTTY = false, columns, env = {} } = terminal;
  const stdout = sink();
  const stderr = sink();
  const input = Readable.from(
    typeof stdin === 'string' ? [Buffer.from(stdin)] : stdin.map((part) => Buffer.from(part)),
  );
  const status = await run(args, {
    stdin: Object.assign(input, { isTTY: stdinIsTTY }),
    stdout: Object.assign(stdout.stream, { isTTY: stdoutIsTTY, ...(columns === undefined ? {} : { columns }) }),
    stderr: stderr.stream,
    env,
  });
  const lines = stderr
    .text()
    .split('\n')
    .filter((line) => line !== '');
  return { status, stdout: stdout.text(), stderr: stderr.text(), faults: lines };
}

function sink() {
  const parts: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      parts.push(chunk.toString('utf8'));
      done();
    },
  });
  return { stream, text: () => parts.join('') };
}

/** A small job that any version can answer. */
export const job = {
  name: 'small',
  model: 'gpt3-1.3b',
  cluster: { instance: 'p4d.24xlarge', count: 1 },
  stack: 'megatron-2021',
  training: { sequenceLength: 2048, globalBatchSize: 16, precision: 'fp16', tokens: 1e9 },
  parallelism: { tensor: 2, pipeline: 4, recompute: 'full' },
} as const;
