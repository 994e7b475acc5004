import type { Stack } from '../stack/stack.ts';

/** How the allocator and the driver see what a process holds. */
export interface FrameworkMemory {
  readonly reservedBytes: number;
  readonly deviceBytes: number;
}

/**
 * Reserved bytes (allocator slack on what comes and goes, and its workspaces) and what the driver shows (context and
 * libraries on top), for tensors of `steadyBytes` that stay and `transientBytes` that come and go.
 */
export function frameworkMemory(stack: Stack, steadyBytes: number, transientBytes: number): FrameworkMemory {
  const reservedBytes = Math.ceil(steadyBytes + transientBytes * (1 + stack.fragmentation) + stack.workspaceBytes);
  return { reservedBytes, deviceBytes: Math.ceil(reservedBytes + stack.contextBytes) };
}
