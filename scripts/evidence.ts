/**
 * Writes src/evidence/rows.ts: every published run of validation/ that foretrain answers, as plain figures, with what
 * was measured and what foretrain says. Run it whenever forecasts have changed: npm run evidence.
 */
import { writeFileSync } from 'node:fs';
import { formatRows } from '../src/evidence/rowText.ts';
import { evidenceOfValidation } from './evidenceOfValidation.ts';

const rows = evidenceOfValidation();
const text = `// Written by scripts/evidence.ts: run \`npm run evidence\` instead of editing it.

/** Published runs, one a line, cells apart by tabs; src/evidence/rowText.ts names the columns. */
export const rowText = \`
${formatRows(rows)}
\`;
`;
writeFileSync(new URL('../src/evidence/rows.ts', import.meta.url), text);
process.stdout.write(`${rows.length} runs written to src/evidence/rows.ts\n`);
