import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseJob } from '../src/job/index.ts';
import { randomNumbers } from '../src/pipeline/auto/randomNumbers.ts';

/** What a person at a terminal does not notice. */
const HELP_TARGET_SECONDS = 0.15;
const NOISE_TARGET_SECONDS = 2;
const NOISE_BYTES = 50e6;
const SEED = 1;
const RUNS = 5;

function secondsOf(once: () => unknown): number {
  const from = performance.now();
  once();
  return (performance.now() - from) / 1000;
}

const best = (times: number, once: () => unknown) => Math.min(...Array.from({ length: times }, () => secondsOf(once)));

/** A text of the size asked for, by what it is. */
function noises(): Readonly<Record<string, string>> {
  const random = randomNumbers(SEED);
  const bytes = Buffer.from(Uint8Array.from({ length: NOISE_BYTES }, () => random() * 256));
  const letters = bytes.toString('base64');
  return {
    bytes: bytes.toString('latin1'),
    'bytes read as UTF-8': bytes.toString('utf8'),
    letters,
    'letters after a brace': `{${letters}`,
    'letters after a quotation mark': `{"${letters}`,
    blanks: ' '.repeat(NOISE_BYTES),
  };
}

/**
 * Prints how long the command line takes to say its help, beside what Node takes to start, and how long the door takes
 * to refuse noise, beside what JSON takes to read a string of that length.
 * @param short each only once
 */
export function run(short: boolean): void {
  const program = fileURLToPath(new URL('../bin/foretrain.js', import.meta.url));
  const times = short ? 2 : RUNS;
  const bare = best(times, () => spawnSync(process.execPath, ['-e', '0']));
  const help = best(times, () => spawnSync(process.execPath, [program, '--help']));
  console.log(
    `command line: --help in ${help.toFixed(3)} s, ${(help / bare).toFixed(1)} times what Node takes to start; ` +
      `${(help - bare).toFixed(3)} s more (target ${HELP_TARGET_SECONDS})`,
  );
  console.log(`${NOISE_BYTES / 1e6} MB that are no job: seconds until refused (target ${NOISE_TARGET_SECONDS})`);
  const quoted = JSON.stringify(' '.repeat(NOISE_BYTES));
  const read = best(times, () => JSON.parse(quoted));
  for (const [name, text] of Object.entries(noises())) {
    const refused = best(times, () => {
      try {
        parseJob(text);
      } catch {
        return;
      }
      throw new Error(`${name} was let in`);
    });
    console.log(`  ${name.padEnd(32)}${refused.toFixed(2)}${(refused / read).toFixed(1).padStart(8)}× JSON.parse`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) run(process.argv.includes('--short'));
