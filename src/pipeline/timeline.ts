const INITIAL_TASKS = 256;

function grown<T extends Int32Array | Float64Array>(array: T, length: number, make: (length: number) => T): T {
  if (length <= array.length) return array;
  const larger = make(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}
const ints = (length: number) => new Int32Array(length);
const floats = (length: number) => new Float64Array(length);

/** When the tasks of a {@link TaskList} ran. The arrays may be longer than the list. */
export interface TaskTimes {
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly makespan: number;
}

/**
 * Tasks on streams: each stream runs its tasks in the order in which they were added, each as soon as the stream is
 * free and all that it depends on has ended. Tasks are added after those they depend on. Kept as flat arrays, so that
 * a list can be filled, run, cleared and filled again without allocating.
 */
export class TaskList {
  #tasks = 0;
  #edges = 0;
  #streams = 0;
  #stream = ints(INITIAL_TASKS);
  #duration = floats(INITIAL_TASKS);
  #earliest = floats(INITIAL_TASKS);
  /** Edges of task k: those from #firstEdge[k] up to #firstEdge[k + 1]. */
  #firstEdge = ints(INITIAL_TASKS + 1);
  #source = ints(INITIAL_TASKS);
  #delay = floats(INITIAL_TASKS);
  #free = floats(1);
  readonly #times = { start: floats(INITIAL_TASKS), end: floats(INITIAL_TASKS), makespan: 0 };

  get length(): number {
    return this.#tasks;
  }

  /** A new stream, by its number. */
  addStream(): number {
    return this.#streams++;
  }

  /**
   * Adds a task and gives its number.
   * @param stream number of the stream that runs it
   * @param duration in any unit of time
   * @param earliest moment before which it does not start
   */
  add(stream: number, duration: number, earliest = 0): number {
    const task = this.#tasks++;
    if (task >= this.#stream.length) {
      const length = 2 * task;
      this.#stream = grown(this.#stream, length, ints);
      this.#duration = grown(this.#duration, length, floats);
      this.#earliest = grown(this.#earliest, length, floats);
      this.#firstEdge = grown(this.#firstEdge, length + 1, ints);
    }
    if (stream >= this.#streams) this.#streams = stream + 1;
    this.#stream[task] = stream;
    this.#duration[task] = duration;
    this.#earliest[task] = earliest;
    this.#firstEdge[task] = this.#edges;
    return task;
  }

  /** Makes the task added last wait for `delay` after the end of an earlier one. */
  after(source: number, delay = 0): void {
    const edge = this.#edges++;
    if (edge >= this.#source.length) {
      this.#source = grown(this.#source, 2 * edge, ints);
      this.#delay = grown(this.#delay, 2 * edge, floats);
    }
    this.#source[edge] = source;
    this.#delay[edge] = delay;
  }

  streamOf(task: number): number {
    return this.#stream[task];
  }

  durationOf(task: number): number {
    return this.#duration[task];
  }

  setDuration(task: number, duration: number): void {
    this.#duration[task] = duration;
  }

  /** Forgets all tasks and streams, and keeps the room they took. */
  clear(): void {
    this.#tasks = 0;
    this.#edges = 0;
    this.#streams = 0;
  }

  /**
   * Runs all tasks in one pass.
   * @returns times that are overwritten by the next run of this list
   */
  run(): TaskTimes {
    const count = this.#tasks;
    const times = this.#times;
    times.start = grown(times.start, count, floats);
    times.end = grown(times.end, count, floats);
    this.#free = grown(this.#free, this.#streams, floats);
    this.#firstEdge[count] = this.#edges;
    const { start, end } = times;
    const stream = this.#stream;
    const duration = this.#duration;
    const earliest = this.#earliest;
    const firstEdge = this.#firstEdge;
    const source = this.#source;
    const delay = this.#delay;
    const free = this.#free.fill(0);
    let makespan = 0;
    for (let k = 0; k < count; k++) {
      const on = stream[k];
      let begin = free[on] > earliest[k] ? free[on] : earliest[k];
      for (let e = firstEdge[k], last = firstEdge[k + 1]; e < last; e++) {
        const ready = end[source[e]] + delay[e];
        if (ready > begin) begin = ready;
      }
      const done = begin + duration[k];
      start[k] = begin;
      end[k] = done;
      free[on] = done;
      if (done > makespan) makespan = done;
    }
    times.makespan = makespan;
    return times;
  }
}
