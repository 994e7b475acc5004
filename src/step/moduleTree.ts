import { unitPath } from '../graph/computeGraph.ts';
import type { Chain } from '../graph/slice.ts';

/** A module of a model: itself, what runs in it without parameters of its own, and the modules inside it. */
export interface Module {
  /** The last word of its path. */
  readonly name: string;
  readonly parent: Module | undefined;
  /** In the order in which they run first. */
  readonly children: Module[];
  /** Places in the chain of the operators that run in the module itself. */
  readonly operators: number[];
}

/** A model as SageMaker's library sees it, with the module that each operator of the chain runs in. */
export interface ModuleTree {
  readonly root: Module;
  /** By place in the chain. */
  readonly moduleOf: readonly Module[];
}

/**
 * The tree of modules of a chain of operators. What has no parameters runs where its parent is: it is work of the
 * parent, and no module to be placed.
 * @source Amazon SageMaker Developer Guide, "Extended features of the library for PyTorch", release 1.13
 */
export function moduleTree({ graph, places, length }: Chain): ModuleTree {
  const nodes = new Map<string, Module>();
  const nodeAt = (path: string): Module => {
    const known = nodes.get(path);
    if (known !== undefined) return known;
    const dot = path.lastIndexOf('.');
    const parent = dot < 0 ? undefined : nodeAt(path.slice(0, dot));
    const node: Module = { name: path.slice(dot + 1), parent, children: [], operators: [] };
    parent?.children.push(node);
    nodes.set(path, node);
    return node;
  };
  const moduleOf = Array.from({ length }, (_, at) => {
    const { unit, operator } = places[at];
    const { module, parameters } = graph.units[unit].operators[operator];
    const path = `${unitPath(graph, unit)}.${module}`;
    const node = nodeAt(parameters > 0 ? path : path.slice(0, path.lastIndexOf('.')));
    node.operators.push(at);
    return node;
  });
  return { root: around(moduleOf[0]).at(-1)!, moduleOf };
}

/** The modules from one to another: out of the first up to the one that holds both, and down into the second. */
export function wayBetween(from: Module, to: Module): readonly Module[] {
  const up = around(from);
  const down = around(to);
  const meet = up.findIndex((node) => down.includes(node));
  return [...up.slice(0, meet + 1), ...down.slice(0, down.indexOf(up[meet])).reverse()];
}

/** A module and those around it, outward. */
function around(module: Module): readonly Module[] {
  const found: Module[] = [];
  for (let node: Module | undefined = module; node !== undefined; node = node.parent) found.push(node);
  return found;
}
