import { type Fault, type FaultCode, ForetrainError } from '../errors.ts';

/** Faults found so far in one input, in the order they were found. */
export interface FaultList {
  readonly faults: readonly Fault[];
  add(path: string, message: string, code?: FaultCode): void;
  /** True where nothing is wrong with these fields, what holds them or what they hold, so that they can be judged together. */
  sound(...paths: readonly string[]): boolean;
  /** True where there is a fault at exactly this path, of whatever kind. */
  names(path: string): boolean;
  /** @throws {ForetrainError} carrying every fault, if there is any. */
  throwIfAny(): void;
}

/**
 * An empty list of faults.
 * @param written where the person who wrote the input finds a field, if not at its own path
 */
export function collectFaults(written: (path: string) => string = (path) => path): FaultList {
  const faults: Fault[] = [];
  return {
    faults,
    add: (path, message, code = 'invalid') => {
      faults.push({ path: written(path), message, code });
    },
    // What is merely not modelled has a value like any other.
    sound: (...paths) =>
      !faults.some(
        (fault) => fault.code !== 'not-modelled' && paths.some((path) => overlaps(fault.path, written(path))),
      ),
    names: (path) => faults.some((fault) => fault.path === written(path)),
    throwIfAny: () => {
      if (faults.length > 0) throw new ForetrainError(faults);
    },
  };
}

function overlaps(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`);
}
