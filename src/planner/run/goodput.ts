/** A run that fails now and then, seconds: failures come at random, `rate` a second. */
export interface FailingRun {
  readonly rate: number;
  /** From a failure until work goes on, where nobody has to come. */
  readonly downSeconds: number;
  /** Part of the failures that wait for a person, and how long: the run stands still, so that nothing else fails. */
  readonly manualFraction: number;
  readonly manualSeconds: number;
  /** Training stands still so long for a checkpoint, which is safe `lagSeconds` later. */
  readonly stallSeconds: number;
  readonly lagSeconds: number;
}

/**
 * Expected seconds that `interval` seconds of work take with the checkpoint after it. A failure throws the run back to
 * the last checkpoint that is safe, and may also happen while it restarts. From a restart the next checkpoint is safe
 * after interval + stall + lag; after one that went well the next needs interval + stall. Waiting for people adds to
 * each of the failures, of which there are `rate` a second of all other time.
 * @source Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps", FGCS 22 (2006),
 * equation 20, to which this comes without a lag
 */
export function expectedSeconds(run: FailingRun, interval: number): number {
  const { rate, downSeconds, stallSeconds, lagSeconds, manualFraction, manualSeconds } = run;
  const span = interval + stallSeconds;
  if (rate === 0) return span;
  const down = Math.exp(rate * downSeconds) / rate;
  const afterRestart = Math.expm1(rate * (span + lagSeconds)) * down;
  const automatic = -Math.expm1(-rate * span) * (down + afterRestart);
  return automatic * (1 + rate * manualFraction * manualSeconds);
}

/** Work over time, from 0 to 1. */
export function goodputAt(run: FailingRun, interval: number): number {
  const seconds = expectedSeconds(run, interval);
  return Number.isFinite(seconds) ? interval / seconds : 0;
}

/**
 * The interval between checkpoints that wastes least, seconds of work; never shorter than a checkpoint takes to be
 * safe, or they would pile up. Infinite where nothing fails.
 * @source Young, CACM 17 (1974); Daly (2006), equation 37
 */
export function bestInterval({ rate, stallSeconds, lagSeconds }: FailingRun): number {
  if (rate === 0) return Number.POSITIVE_INFINITY;
  const between = 1 / rate;
  if (stallSeconds >= 2 * between) return Math.max(lagSeconds, between);
  const ratio = stallSeconds / (2 * between);
  const young = Math.sqrt(2 * stallSeconds * between);
  return Math.max(lagSeconds, young * (1 + Math.sqrt(ratio) / 3 + ratio / 9) - stallSeconds);
}

/** Standard deviation of the seconds that failures cost a run of so many seconds: each is one of a Poisson process. */
export function deviationSeconds(run: FailingRun, interval: number, seconds: number): number {
  const { rate, downSeconds, stallSeconds, lagSeconds, manualFraction, manualSeconds } = run;
  const span = interval + stallSeconds;
  const mean = downSeconds + lagSeconds + span / 2;
  const ofAutomatic = mean ** 2 + span ** 2 / 12;
  const ofManual = manualFraction * manualSeconds * (2 * mean + manualSeconds);
  const running = seconds / (1 + rate * manualFraction * manualSeconds);
  return Math.sqrt(rate * running * (ofAutomatic + ofManual));
}
