import { fail } from '../errors.ts';
import type { Job } from '../job/index.ts';
import { type Arguments, type Command, type Io, jsonOption, printJson } from './command.ts';
import { readInput } from './input.ts';

/** `foretrain partition`: how a model, or any graph, is best cut. */
export const partitionCommand: Command = {
  name: 'partition',
  usage: ['partition JOB.json [--partitioner NAME] [--json]', 'partition GRAPH.json|FILE.graph --parts K [--json]'],
  description: [
    'Cuts a model into pipeline stages with each partitioner that can cut it, side by side',
    'with the bound that no cut is below: layers, parameters, time, memory against its limit',
    'and bytes sent of every stage, and what a step with them takes.',
    '',
    'With --parts it cuts any graph instead: a graphology export, where a node weighs its',
    '"weight" (or the FLOPs of an operator, or 1) and an edge its "weight" (or "bytes", or 1);',
    'or a METIS .graph file. - is standard input.',
  ].join('\n'),
  options: [
    { name: 'partitioner', value: 'NAME', help: 'only this one: exact, multilevel, tree, uniform or layers' },
    { name: 'parts', value: 'K', help: 'the number of parts of a graph' },
    jsonOption,
  ],
  examples: [
    'foretrain partition job.json',
    'foretrain partition job.json --partitioner tree --json | jq .partitions[0].stages',
    'foretrain partition mesh.graph --parts 8 --json | jq .cut',
  ],
  argument: { name: 'JOB.json or graph', most: 1 },

  async run(args: Arguments, io: Io): Promise<number> {
    const [path] = args.positionals;
    if (path === undefined) {
      fail('JOB.json', 'is missing; give the path of a job or a graph, or - for standard input');
    }
    const text = await readInput(path, io);
    if (text === undefined) {
      await io.showHelp();
      return 2;
    }
    const parts = readParts(args);
    const graphs = await import('./partitionGraph.ts');
    if (graphs.isMetisText(text)) {
      refusePartitioner(args);
      await printGraph(graphs.partitionMetisText(text, needed(parts)), needed(parts), args, io);
      return 0;
    }
    const [{ parseJson, readJob }, { folderOf, withModelFile }] = await Promise.all([
      import('../job/index.ts'),
      import('./modelFile.ts'),
    ]);
    const value = parseJson(text, 'a job or a graph');
    if (graphs.isGraphExport(value)) {
      refusePartitioner(args);
      await printGraph(graphs.partitionExport(value, needed(parts)), needed(parts), args, io);
      return 0;
    }
    if (parts !== undefined) {
      fail('--parts', 'is for graphs; the stages of a job are its own pipeline degree, so leave it out');
    }
    await printJob(readJob(withModelFile(value, folderOf(path))), args, io);
    return 0;
  },
};

function readParts(args: Arguments): number | undefined {
  if (!args.has('parts')) return undefined;
  const written = args.value('parts') ?? '';
  const parts = Number(written);
  if (!/^\d+$/.test(written) || parts < 1) fail('--parts', `must be a whole number of at least 1, not "${written}"`);
  return parts;
}

function needed(parts: number | undefined): number {
  return parts ?? fail('--parts', 'is missing; say into how many parts the graph is cut, as --parts 8');
}

function refusePartitioner(args: Arguments): void {
  if (args.has('partitioner'))
    fail('--partitioner', 'is for jobs; a graph is cut by graphology-metis, so leave it out');
}

async function printGraph(
  found: import('./partitionGraph.ts').GraphPartition,
  count: number,
  args: Arguments,
  io: Io,
): Promise<void> {
  if (args.has('json')) {
    await printJson(io, found);
    return;
  }
  const { createStyle, renderGraphPartition } = await import('../report/index.ts');
  await io.stdout.write(renderGraphPartition(found, count, createStyle(io)));
}

async function printJob(job: Job, args: Arguments, io: Io): Promise<void> {
  const { comparePartitioners } = await import('../planner/comparePartitioners.ts');
  const { answers, refusals } = comparePartitioners(job, args.value('partitioner'));
  if (args.has('json')) {
    const partitions = answers.map(({ report }) => ({
      ...report.partition,
      stepTimeSeconds: report.stepTimeSeconds,
      fits: report.fits,
      peakBytes: report.memory.peakBytes,
    }));
    await printJson(io, { partitions });
    return;
  }
  const { createStyle, renderPartitions } = await import('../report/index.ts');
  await io.stdout.write(renderPartitions(job, answers, refusals, createStyle(io)));
}
