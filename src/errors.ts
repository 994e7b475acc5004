/** What kind of fault it is: stable, for programs. */
export type FaultCode = 'invalid' | 'unknown' | 'not-modelled' | 'syntax' | 'unreadable' | 'unwritable';

/** One thing wrong with an input: where, what, and what would do. */
export interface Fault {
  /** Dotted path of the field (`parallelism.tensor`), or `line 3, column 7` for a syntax fault. */
  readonly path: string;
  /** One sentence: what is wrong and what would do. */
  readonly message: string;
  readonly code: FaultCode;
}

/** The one error class: the input cannot be answered, for one or more named reasons. */
export class ForetrainError extends Error {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map((fault) => `${fault.path}: ${fault.message}`).join('\n'));
    this.name = 'ForetrainError';
    this.faults = faults;
  }

  /** The stable code of the first fault. */
  get code(): FaultCode {
    return this.faults[0]?.code ?? 'invalid';
  }

  /** The path of the first fault. */
  get path(): string {
    return this.faults[0]?.path ?? '';
  }
}

/** Throws a {@link ForetrainError} with a single fault. */
export function fail(path: string, message: string, code: FaultCode = 'invalid'): never {
  throw new ForetrainError([{ path, message, code }]);
}
