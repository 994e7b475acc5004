/** Where a command reads and writes: those of the process, or those of a test. */
export interface Streams {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type InputStream = AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean };

export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** False where the reader is behind; `drain` follows once it has caught up. */
  write(text: string): boolean;
  once(event: 'drain', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'drain', listener: () => void): unknown;
}

/** Nobody reads any more (`foretrain … | head`): no fault, and the end of the work. */
export class ClosedPipe extends Error {
  override readonly name = 'ClosedPipe';
}

/** One stream that can be waited for. */
export interface Output {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  /** Resolves once there is room for more. @throws {ClosedPipe} where the reader has gone */
  write(text: string): Promise<void>;
}

/** Wraps a stream: waits where it is full, and turns a closed pipe into {@link ClosedPipe}. */
export function createOutput(stream: OutputStream): Output {
  let failure: Error | undefined;
  let wake: (() => void) | undefined;
  stream.on('error', (error) => {
    failure = isClosedPipe(error) ? new ClosedPipe() : error;
    wake?.();
  });
  const settle = () => {
    if (failure !== undefined) throw failure;
  };
  return {
    isTTY: stream.isTTY === true,
    columns: stream.columns,
    async write(text) {
      settle();
      if (!stream.write(text)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          stream.once('drain', resolve);
        });
        if (wake !== undefined) stream.off('drain', wake);
        wake = undefined;
      }
      settle();
    },
  };
}

function isClosedPipe(error: Error): boolean {
  const code = 'code' in error ? error.code : undefined;
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || code === 'ECONNRESET';
}
