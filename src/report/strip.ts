import type { PipelinePlan } from '../pipeline/plan.ts';
import type { PipelineTimeline } from '../pipeline/run.ts';
import { BACKWARD, FORWARD, FUSED_FORWARD, WEIGHT } from '../pipeline/schedule.ts';
import type { Style } from './style.ts';

/** The part of a pipeline's timeline that a strip shows. Times in any one unit. */
export type Strip = Pick<PipelineTimeline, 'makespan' | 'start' | 'end'> & {
  readonly plan: Pick<PipelinePlan, 'stages' | 'kind' | 'deviceOffset' | 'deviceTasks'>;
};

const MOST_LINES = 16;

const letters: Readonly<Record<number, string>> = {
  [FORWARD]: 'F',
  [BACKWARD]: 'B',
  [WEIGHT]: 'W',
  [FUSED_FORWARD]: '+',
};
const words: Readonly<Record<string, string>> = {
  F: 'F forward',
  B: 'B backward',
  W: 'W weight gradients',
  '+': '+ forward and backward fused',
};

/**
 * A pipeline from left to right, one line a device: what it does at the middle of each column, blank where it idles.
 * Of more than 16 devices an even choice is shown, first and last included.
 *
 * @param title what the whole width stands for, as `52.1 s from left to right`
 */
export function renderStrip(strip: Strip, title: string, style: Style): string {
  const devices = chosenDevices(strip.plan.stages);
  const label = `${strip.plan.stages - 1}`.length;
  const columns = Math.max(20, style.width - label - 5);
  const lines = devices.map((device) => sampleDevice(strip, device, columns));
  const seen = Object.keys(words).filter((letter) => lines.some((line) => line.includes(letter)));
  const some = devices.length < strip.plan.stages ? `; ${devices.length} of ${strip.plan.stages} stages shown` : '';
  const legend = [...seen.map((letter) => words[letter]), 'blank idle'].join(', ');
  return [
    `${style.paint.bold('Pipeline')} (${title}${some})`,
    ...lines.map((line, i) => `  ${`${devices[i]}`.padStart(label)} │${colourLetters(line, style)}│`),
    style.paint.dim(`  ${legend}`),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function chosenDevices(stages: number): readonly number[] {
  if (stages <= MOST_LINES) return Array.from({ length: stages }, (_, device) => device);
  return Array.from({ length: MOST_LINES }, (_, line) => Math.round((line * (stages - 1)) / (MOST_LINES - 1)));
}

/** One letter a column; tasks of a device follow one another, so one pass finds them all. */
function sampleDevice({ makespan, start, end, plan }: Strip, device: number, columns: number): string {
  let at = plan.deviceOffset[device];
  const stop = plan.deviceOffset[device + 1];
  let line = '';
  for (let column = 0; column < columns; column++) {
    const moment = ((column + 0.5) / columns) * makespan;
    while (at < stop && end[plan.deviceTasks[at]] <= moment) at++;
    const task = plan.deviceTasks[at];
    line += at < stop && start[task] <= moment ? letters[plan.kind[task]] : ' ';
  }
  return line;
}

/** Colours each run of one letter at once. */
function colourLetters(line: string, { paint }: Style): string {
  const colours: Readonly<Record<string, (text: string) => string>> = {
    F: paint.cyan,
    B: paint.yellow,
    W: paint.magenta,
    '+': paint.green,
  };
  return line.replace(/([FBW+])\1*/g, (run, letter: string) => colours[letter](run));
}
