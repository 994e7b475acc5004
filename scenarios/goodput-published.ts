/**
 * How much of the time two published runs spent in training, and where the rest went.
 *
 * Llama 3 405B was interrupted 466 times in 54 days on 16,384 H100s and still trained for more than 90% of the time: its
 * restarts were automatic, all but three (arXiv 2407.21783 section 3.3.4). OPT-175B had a quarter of the failures on
 * 992 A100s in two months and trained for 59% of the time: 35 of its restarts waited for people, more than 70 did not
 * (arXiv 2205.01068 section 2.5; AWS Machine Learning Blog, April 2025). Everything that was not published is a default
 * of the planner with its source in src/planner/run. Change the number of failures or what one costs and run it again.
 */
import { readPlanRequest } from '../src/planner/index.ts';
import { type RunModel, runModel } from '../src/planner/run/run.ts';
import { simulatedSeconds } from '../src/planner/run/simulatedSeconds.ts';
import { renderTable } from '../src/report/index.ts';
import { formatPercent, formatSeconds } from '../src/units.ts';

const llama3 = {
  request: {
    model: 'llama3.1-405b',
    cluster: { instance: 'p5.48xlarge', count: 2_048 },
    training: { sequenceLength: 8192, globalBatchSize: 2048, precision: 'bf16', tokens: 15e12 },
    // Tectonic gives 2 TB/s steadily (section 3.3.1).
    storage: { kind: 'other', bytesPerSecond: 2e12 },
  },
  reliability: { failuresPerNodeDay: 466 / (2_048 * 54), asynchronousCheckpoints: true },
};

const opt = {
  model: 'gpt3-175b',
  cluster: { instance: 'p4de.24xlarge', count: 124 },
  training: { sequenceLength: 2048, globalBatchSize: 1024, precision: 'fp16', tokens: 180e9 },
};
const optDays = 60;
const manualRestarts = 35;
const automaticRestarts = 70;
const optPublished = 0.59;

const secondsPerHour = 3_600;
const hoursPerDay = 24;
const print = (text: string) => process.stdout.write(text);

/** The run of the only cluster of a request. */
function modelOf(request: object, reliability: object): RunModel {
  const read = readPlanRequest({ ...request, reliability });
  return runModel(read.cells[0]!.base, read)!;
}

/** OPT-175B where each restart by hand takes so many hours longer than one by itself. */
function optWith(hoursOfManual: number): RunModel {
  const failures = manualRestarts + automaticRestarts;
  const runningDays = optDays - (manualRestarts * hoursOfManual) / hoursPerDay;
  return modelOf(opt, {
    failuresPerNodeDay: failures / (opt.cluster.count * runningDays),
    manualRestartFraction: manualRestarts / failures,
    manualRestartSeconds: hoursOfManual * secondsPerHour,
  });
}

// How long restarts by hand took was not published: so many hours that the published share comes out.
const automatic = optWith(0);
let hoursOfManual = 0;
for (let step = 8; step > 1e-3; step /= 2)
  if (optWith(hoursOfManual + step).goodput > optPublished) hoursOfManual += step;

const runs = [
  { name: 'Llama 3 405B, 16,384 H100', model: modelOf(llama3.request, llama3.reliability), published: 'above 90%' },
  { name: 'OPT-175B, 992 A100, were all restarts automatic', model: automatic, published: '' },
  {
    name: `the same, ${manualRestarts} of them ${hoursOfManual.toFixed(1)} h longer`,
    model: optWith(hoursOfManual),
    published: formatPercent(optPublished, 0),
  },
];

print('Part of the time in steps that are kept\n');
print(
  renderTable(
    [
      { head: 'run', narrow: 'wrap' },
      { head: 'a failure every', align: 'right' },
      { head: 'costs', align: 'right' },
      { head: 'checkpoint every', align: 'right' },
      { head: 'forecast', align: 'right' },
      { head: 'published', align: 'right' },
    ],
    runs.map(({ name, model: { failing, interval, goodput }, published }) => [
      name,
      formatSeconds(1 / failing.rate),
      formatSeconds(failing.downSeconds),
      formatSeconds(interval),
      formatPercent(goodput),
      published,
    ]),
  ),
);

const points = (share: number) => `${(100 * share).toFixed(0)} points`;
print(
  `\nOf the ${points(1 - optPublished)} that OPT-175B lost, automatic restarts and checkpoints explain ${points(1 - automatic.goodput)}. The other ${points(automatic.goodput - optPublished)} are what ${hoursOfManual.toFixed(1)} hours for each of the ${manualRestarts} restarts by hand come to, which paused training for diagnostics; how long they took was not published.\n`,
);

// The interval of Young and Daly against runs that are played through, failure by failure.
const playedSegments = 400_000;
const tried = [0.25, 0.35, 0.5, 0.7, 0.85, 1, 1.2, 1.5, 2, 3, 4];

print('\nThe interval between checkpoints by the formula, and the best of eleven that are played through\n');
print(
  renderTable(
    [
      { head: 'run', narrow: 'wrap' },
      { head: 'formula', align: 'right' },
      { head: 'costs', align: 'right' },
      { head: 'played', align: 'right' },
      { head: 'costs', align: 'right' },
      { head: 'formula loses', align: 'right' },
    ],
    runs.map(({ name, model: { failing, interval } }) => {
      const slowdown = (one: number) => simulatedSeconds(failing, one, playedSegments, 1) / one - 1;
      const played = tried.map((times) => ({ interval: interval * times, slowdown: slowdown(interval * times) }));
      const best = played.reduce((a, b) => (b.slowdown < a.slowdown ? b : a));
      const own = slowdown(interval);
      return [
        name,
        formatSeconds(interval),
        formatPercent(own),
        formatSeconds(best.interval),
        formatPercent(best.slowdown),
        formatPercent((1 + own) / (1 + best.slowdown) - 1, 2),
      ];
    }),
  ),
);
