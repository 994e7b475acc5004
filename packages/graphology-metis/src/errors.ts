/** An error that says whose it is. */
export function fault(sentence: string): Error {
  return new Error(`graphology-metis: ${sentence}`);
}
