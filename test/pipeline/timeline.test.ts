import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TaskList } from '../../src/pipeline/timeline.ts';

describe('tasks on streams', () => {
  it('run in order on a stream, side by side on two', () => {
    const list = new TaskList();
    const compute = list.addStream();
    const network = list.addStream();
    const backward = list.add(compute, 4);
    const reduce = list.add(network, 3);
    list.after(backward);
    const next = list.add(compute, 2);
    const step = list.add(compute, 1);
    list.after(reduce, 0.5);
    const { start, end, makespan } = list.run();
    expect([start[reduce], start[next], start[step], end[step], makespan]).toEqual([4, 4, 7.5, 8.5, 8.5]);
  });

  it('start no earlier than they may, and last as long as they are told', () => {
    const list = new TaskList();
    const task = list.add(0, 1, 3);
    expect(list.run().start[task]).toBe(3);
    list.setDuration(task, 5);
    expect([list.run().makespan, list.durationOf(task), list.streamOf(task), list.length]).toEqual([8, 5, 0, 1]);
  });

  it('can be forgotten and written again', () => {
    const list = new TaskList();
    for (let i = 0; i < 1000; i++) {
      list.add(i % 7, 1);
      if (i > 0) list.after(i - 1);
    }
    expect(list.run().makespan).toBe(1000);
    list.clear();
    expect([list.length, list.run().makespan]).toEqual([0, 0]);
    list.add(0, 2);
    list.add(1, 3);
    expect(list.run().makespan).toBe(3);
  });

  it('take as long as the longest way through streams and dependencies', () => {
    const task = fc.record({
      stream: fc.nat(3),
      duration: fc.nat(9),
      sources: fc.array(fc.tuple(fc.nat(), fc.nat(3)), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(task, { minLength: 1, maxLength: 60 }), (tasks) => {
        const list = new TaskList();
        const edges = tasks.map(({ sources }, k) =>
          k === 0 ? [] : sources.map(([s, delay]) => [s % k, delay] as const),
        );
        for (const [k, { stream, duration }] of tasks.entries()) {
          list.add(stream, duration);
          for (const [source, delay] of edges[k]) list.after(source, delay);
        }
        const { start, end, makespan } = list.run();
        const expected: number[] = [];
        for (const [k, { stream, duration }] of tasks.entries()) {
          const before = tasks.slice(0, k).findLastIndex((other) => other.stream === stream);
          const ready = edges[k].map(([source, delay]) => expected[source] + delay);
          expected.push(Math.max(0, before >= 0 ? expected[before] : 0, ...ready) + duration);
          expect(end[k]).toBe(expected[k]);
          expect(start[k]).toBe(expected[k] - duration);
        }
        expect(makespan).toBe(Math.max(...expected));
      }),
    );
  });
});
