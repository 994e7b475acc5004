import { derived, recalled, seen } from './sources.ts';

/** What torch.cuda.mem_get_info gives as total on an A100 of 80 GiB, bytes. */
export const a100UsableBytes = 84_986_665_369;
/** The same on an H100 of 80 GiB (79.19 GiB), bytes; nvidia-smi shows 81,559 MiB there. */
export const h100UsableBytes = 85_029_615_042;

const eightyGibibytes = 80 * 2 ** 30;

export const a100UsableSource = seen('engineering', 'torch.cuda.mem_get_info total, 79.15 to 79.21 GiB');
export const h100UsableSource = `${recalled('79.19 GiB of torch.cuda.mem_get_info total')}; ${seen('nvidiaSmi', '81,559 MiB shown by the driver')}`;

/** Usable bytes of a part without a figure of its own, at the A100's share of the label. */
export function usableAsA100(memoryBytes: number): number {
  return Math.floor(a100UsableBytes * (memoryBytes / eightyGibibytes));
}

/** Usable bytes of a part without a figure of its own, at the H100's share of the label. */
export function usableAsH100(memoryBytes: number): number {
  return Math.floor(h100UsableBytes * (memoryBytes / eightyGibibytes));
}

export const usableAsA100Source = derived('the share of its label that an A100 of 80 GiB gives to torch (98.94%)');
export const usableAsH100Source = derived('the share of its label that an H100 of 80 GiB gives to torch (98.99%)');
