import { parameterReplicas } from '../graph/degrees.ts';
import { collectiveSeconds, type Group, groupOf, lostBeside } from '../hardware/collectives/index.ts';
import { memoryBoundSeconds } from '../hardware/kernels/memoryBound.ts';
import type { Job } from '../job/job.ts';
import type { RankLayout } from '../partition/placement.ts';
import { elementBytes, gradientBytes } from '../stack/precision.ts';
import { hostRates } from './offloadedPass.ts';
import { exchangeStage } from './profiles.ts';
import { scaleExchange } from './scaleExchange.ts';
import { exposedShardedSeconds } from './shardedPass.ts';
import { backwardSeconds, type DataComm, forwardSeconds, type UnitProfile } from './stageProfile.ts';

/** The groups among which a rank's parameters are replicated and sharded. */
export interface DataGroups {
  /** All ranks with the same parameters: data replicas and context ranks. */
  readonly replicas: Group;
  /** Those among which ZeRO shards. */
  readonly shards: Group;
  /** Ranks that own the same shard in different sharding groups. */
  readonly copies: Group;
}

/** Sharding groups are neighbours; their copies lie one sharding group apart. */
export function dataGroups(job: Job, layout: RankLayout): DataGroups {
  const { instance, devices } = job.cluster;
  const { degrees, shardingDegree } = job.parallelism;
  const stride = degrees.context > 1 ? layout.context : layout.data;
  const copies = degrees.data / shardingDegree;
  return {
    replicas: groupOf(instance, parameterReplicas(degrees), stride, devices),
    shards: groupOf(instance, shardingDegree * degrees.context, stride, devices),
    copies: groupOf(instance, copies, layout.data * shardingDegree, devices),
  };
}

/** Bytes of a parameter as it is gathered, and of a gradient as it is reduced. */
export function exchangedBytes(job: Job): { readonly parameter: number; readonly gradient: number } {
  const { precision } = job.training;
  return {
    parameter: precision === 'fp8' && job.stack.narrowGathers === 'all' ? 1 : elementBytes(precision),
    gradient: precision === 'fp32' ? 4 : gradientBytes(job.stack.gradientReduceDtype),
  };
}

/** What communication among data replicas adds to every pass of a stage: that of sharding, and of scales in 8 bits. */
export function dataCommOf(job: Job, layout: RankLayout): DataComm {
  const sharding = shardingComm(job, layout);
  const exchange = scaleExchange(job, layout);
  if (sharding === undefined && exchange === undefined) return noDataComm;
  return {
    of: (profiles) => {
      const { forwardDataComm, backwardDataComm } = (sharding ?? noDataComm.of)(profiles);
      const seconds = exchange === undefined ? 0 : exchange.seconds(profiles);
      return { forwardDataComm: forwardDataComm + seconds, backwardDataComm: backwardDataComm + seconds };
    },
    ...(sharding === undefined ? { alikeBy: exchange!.among } : {}),
  };
}

const noDataComm = { of: () => ({ forwardDataComm: 0, backwardDataComm: 0 }), alikeBy: '' };

/** Gathering parameters (ZeRO 3) and scattering gradients (ZeRO 2 and 3), where a job does so. */
function shardingComm(job: Job, layout: RankLayout): DataComm['of'] | undefined {
  const zeroStage = exchangeStage(job);
  const { shards } = dataGroups(job, layout);
  if (zeroStage < 2 || shards.ranks === 1) return undefined;
  const bytes = exchangedBytes(job);
  const { accelerator } = job.cluster.instance;
  const lost = lostBeside(shards, job.stack.registersBuffers);
  // An offloaded shard comes from the host before it is gathered.
  const onHost = (job.parallelism.offload?.parameters ?? 0) / shards.ranks;
  const { toDevice } = hostRates(job.cluster);
  const fromHost = (parameters: number) => (onHost * parameters * bytes.parameter) / toDevice;
  const gather = ({ parameters }: UnitProfile) =>
    zeroStage === 3 ? collectiveSeconds('all-gather', parameters * bytes.parameter, shards) + fromHost(parameters) : 0;
  const scatter = ({ parameters }: UnitProfile) =>
    collectiveSeconds('reduce-scatter', parameters * bytes.gradient, shards);
  const copied = job.stack.shardedCopyBytes;
  const copy = ({ parameters }: UnitProfile, perParameter: number) =>
    memoryBoundSeconds(accelerator, parameters * perParameter);
  return (profiles) => ({
    forwardDataComm: exposedShardedSeconds(
      profiles.map((profile) => ({
        compute: forwardSeconds(profile.cost),
        products: profile.cost.forwardProducts,
        copy: copy(profile, zeroStage === 3 ? copied.gather : 0),
        gather: gather(profile),
        scatter: 0,
      })),
      lost,
    ),
    backwardDataComm: exposedShardedSeconds(
      profiles.toReversed().map((profile, index) => ({
        compute: backwardSeconds(profile.cost),
        products: profile.cost.backwardProducts,
        copy: copy(profile, (zeroStage === 3 ? copied.gather : 0) + copied.scatter),
        // The last unit of the forward pass is the first of the backward pass: it is still gathered.
        gather: index === 0 ? 0 : gather(profile),
        scatter: scatter(profile),
      })),
      lost,
    ),
  });
}
