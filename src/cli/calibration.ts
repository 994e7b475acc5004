import { ForetrainError } from '../errors.ts';
import type { Calibration } from '../job/calibration.ts';
import type { SimulateOptions } from '../simulate.ts';
import type { Arguments, OptionSpec } from './command.ts';
import { readText } from './input.ts';

/** The option of every command that forecasts jobs. */
export const calibrationOption: OptionSpec = {
  name: 'calibration',
  value: 'FILE',
  help: 'take machines as measured: FILE is what `foretrain calibrate` printed',
};

/** What the command line says about measured machines, as forecasts take it. */
export async function calibrationOf(args: Arguments): Promise<Pick<SimulateOptions, 'calibration'>> {
  const path = args.value('calibration');
  return path === undefined ? {} : { calibration: await readCalibrationFile(path) };
}

async function readCalibrationFile(path: string): Promise<Calibration> {
  const [text, { parseCalibration }] = await Promise.all([readText(path), import('../job/calibration.ts')]);
  try {
    return parseCalibration(text);
  } catch (error) {
    if (!(error instanceof ForetrainError)) throw error;
    // The job has paths of its own.
    throw new ForetrainError(error.faults.map((fault) => ({ ...fault, path: `${path}, ${fault.path}` })));
  }
}
