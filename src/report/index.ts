export { renderBar } from './bar.ts';
export { type ReportDetail, renderReport } from './renderReport.ts';
export { renderSchedule } from './renderSchedule.ts';
export { renderValidation, type ValidationDetail } from './renderValidation.ts';
export { renderStrip, type Strip } from './strip.ts';
export { createStyle, type Palette, plainStyle, type Style, visibleWidth } from './style.ts';
export { type Column, renderTable } from './table.ts';
export { renderFacts, shorten, wrap } from './wrap.ts';
