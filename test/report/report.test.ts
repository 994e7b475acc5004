import { describe, expect, it } from 'vitest';
import { createStyle, renderReport, visibleWidth } from '../../src/report/index.ts';
import { expectGolden } from '../golden/golden.ts';
import { makeReport, makeTimeline } from './fixtures.ts';

describe('a report', () => {
  it('shows what fits, where time and memory go, the pipeline, days and dollars', () => {
    expectGolden('report.txt', renderReport(makeReport(), { timeline: makeTimeline('1f1b', 6, 12) }));
  });

  it('says which stage does not fit, and by how much', () => {
    const report = {
      ...makeReport({ firstGiB: 44 }),
      warnings: [
        'no cut of this model respects the memory limits; the one with the least bytes over on its worst stage is shown, and a larger tensor degree or full recomputation would make room',
      ],
    };
    expectGolden('report-too-big.txt', renderReport(report));
  });

  it('stays readable with 64 stages', () => {
    const text = renderReport(makeReport({ stages: 64 }), { timeline: makeTimeline('1f1b', 64, 128) });
    expect(text.split('\n').length).toBeLessThan(60);
    expectGolden('report-64-stages.txt', text);
  });

  it('sums the chunks of a device, and leaves out what has no answer', () => {
    const { training: _, ...report } = makeReport({ stages: 4, chunks: 3 });
    expectGolden('report-chunks.txt', renderReport(report, { timeline: makeTimeline('interleaved', 4, 8, 3) }));
  });

  it('shows one device without a pipeline', () => {
    const report = {
      ...makeReport({ stages: 1 }),
      paddedParameters: 174_604_259_328,
      stepTimeSecondsRange: [50, 60] as const,
      nearest: [
        { id: 'run-1', source: 'a paper', measuredSeconds: 12.1, predictedSeconds: 11.9, error: 11.9 / 12.1 - 1 },
      ],
    };
    expectGolden('report-one-device.txt', renderReport(report, { timeline: makeTimeline('1f1b', 1, 4) }));
  });

  it.each([60, 80, 120])('fits a terminal of %d columns', (width) => {
    const report = makeReport({ firstGiB: 44 });
    const text = renderReport(report, { timeline: makeTimeline('1f1b', 6, 12) }, createStyle({ width, colour: true }));
    const widest = Math.max(...text.split('\n').map(visibleWidth));
    expect(widest).toBeLessThanOrEqual(Math.max(width, 96));
    if (width >= 100) expect(widest).toBeLessThanOrEqual(width);
  });

  it('colours nothing but where it may, and says the same', () => {
    const report = makeReport();
    const coloured = renderReport(report, {}, createStyle({ colour: true }));
    expect(renderReport(report)).not.toContain('\u001b');
    expect(coloured).toContain('\u001b[');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what it is about
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(renderReport(report));
  });
});
