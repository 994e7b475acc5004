/** Jobs of one machine, as parallel lists: not to start before `head`, to run for `work`, followed by `tail`. */
export interface Jobs {
  readonly head: ArrayLike<number>;
  readonly work: ArrayLike<number>;
  readonly tail: ArrayLike<number>;
}

/** Jobs to be listed one by one. */
export interface JobList extends Jobs {
  readonly head: number[];
  readonly work: number[];
  readonly tail: number[];
}

/**
 * The least time in which one machine can finish jobs with heads and tails, were it free to interrupt them: run the
 * ready job with the longest tail. No schedule of the machine is shorter.
 * @returns max over jobs of completion + tail; 0 without jobs
 * @source Carlier, "The one-machine sequencing problem", EJOR 11 (1982), section 3 (Jackson's preemptive schedule)
 */
export function preemptiveBound({ head, work, tail }: Jobs): number {
  const byHead = Int32Array.from({ length: head.length }, (_, i) => i).sort((a, b) => head[a] - head[b]);
  const left = Float64Array.from(work);
  const heap = new Int32Array(head.length);
  let size = 0;
  let next = 0;
  let now = 0;
  let bound = 0;

  const push = (job: number) => {
    let hole = size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (tail[heap[parent]] >= tail[job]) break;
      heap[hole] = heap[parent];
      hole = parent;
    }
    heap[hole] = job;
  };
  const pop = () => {
    const job = heap[--size];
    let hole = 0;
    while (2 * hole + 1 < size) {
      let child = 2 * hole + 1;
      if (child + 1 < size && tail[heap[child + 1]] > tail[heap[child]]) child++;
      if (tail[heap[child]] <= tail[job]) break;
      heap[hole] = heap[child];
      hole = child;
    }
    if (size > 0) heap[hole] = job;
  };

  while (next < byHead.length || size > 0) {
    if (size === 0) now = Math.max(now, head[byHead[next]]);
    while (next < byHead.length && head[byHead[next]] <= now) push(byHead[next++]);
    const job = heap[0];
    const until = next < byHead.length ? head[byHead[next]] : Number.POSITIVE_INFINITY;
    if (now + left[job] <= until) {
      now += left[job];
      bound = Math.max(bound, now + tail[job]);
      pop();
    } else {
      left[job] -= until - now;
      now = until;
    }
  }
  return bound;
}
