import { efficiencyOf } from '../efficiency.ts';
import { channelsOf } from './channels.ts';
import { type Group, hasReducingSwitch } from './group.ts';

/** Of the rate of work beside a collective, the share that is lost: of products, and of other kernels. */
export interface Lost {
  readonly products: number;
  readonly others: number;
}

/** Blocks that expect a multiprocessor each take two waves where some are taken: twice as long. */
const lostToSecondWave = 0.5;

/** @source V: Megatron-FSDP README: 1 to 6 multiprocessors, for 16 to 32, where the switch works from registered buffers */
const channelsOfRegistered = 6;

/**
 * What work loses while a group's collectives run beside it: their multiprocessors, and on a part whose products are
 * persistent kernels half of their rate, unless registered buffers leave the work to the switch of a node.
 * @source V: pytorch/pytorch 143988: products under FSDP take twice as long on an H100 beside collectives of NCCL, as their
 * blocks run in two waves
 */
export function lostBeside(group: Group, registersBuffers: boolean): Lost {
  const { channelShare, persistentProducts } = efficiencyOf(group.instance.accelerator);
  const channels = channelsOf(group);
  if (registersBuffers && hasReducingSwitch(group)) {
    const few = channelShare * Math.min(channels, channelsOfRegistered);
    return { products: few, others: few };
  }
  const others = channelShare * channels;
  return { products: persistentProducts ? lostToSecondWave : others, others };
}

/** Seconds by which work, some of it products, is late beside collectives: slower until they end, or until it ends itself. */
export function lateSeconds(work: number, products: number, collectives: number, lost: Lost): number {
  if (work === 0) return 0;
  const share = lost.others + (products / work) * (lost.products - lost.others);
  return share * Math.min(work / (1 - share), collectives);
}
