import { countFeatures, type EvidenceRow, nameFeatures, type RunFeatures } from './features.ts';

const separator = '\t';
/** Digits of a time: more than any measurement has, and enough for a test that says when they are stale. */
const digits = 8;

/** Rows as text, one a line: rows of a few kinds repeat few names, and a text is read in a moment. */
export function formatRows(rows: readonly EvidenceRow[]): string {
  return rows.map(formatRow).join('\n');
}

function formatRow({ id, set, source, features, measuredSeconds, predictedSeconds }: EvidenceRow): string {
  return [
    id,
    set,
    source,
    ...nameFeatures.map((name) => features[name]),
    ...countFeatures.map((name) => features[name]),
    Number(measuredSeconds.toPrecision(digits)),
    Number(predictedSeconds.toPrecision(digits)),
  ].join(separator);
}

/** The rows of such a text. */
export function parseRowText(text: string): readonly EvidenceRow[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseRow);
}

const firstName = 3;
const firstCount = firstName + nameFeatures.length;
const firstTime = firstCount + countFeatures.length;

function parseRow(line: string): EvidenceRow {
  const cells = line.split(separator);
  const features = Object.fromEntries([
    ...nameFeatures.map((name, index) => [name, cells[firstName + index]]),
    ...countFeatures.map((name, index) => [name, Number(cells[firstCount + index])]),
  ]) as unknown as RunFeatures;
  return {
    id: cells[0]!,
    set: cells[1]!,
    source: cells[2]!,
    features,
    measuredSeconds: Number(cells[firstTime]),
    predictedSeconds: Number(cells[firstTime + 1]),
  };
}
