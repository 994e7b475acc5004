import type { Stats } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../errors.ts';

/** A file that is being written, piece by piece. */
export interface FileSink {
  write(chunk: string): Promise<void>;
}

/**
 * Writes a file whole or not at all: into a neighbour of it, which takes its name at the end and is removed where
 * anything goes wrong. What is no ordinary file (a terminal, a pipe, /dev/null) is written as it is.
 *
 * @param option the option that names the file, for faults
 * @throws {ForetrainError} where the file cannot be written
 */
export async function writeWhole<T>(path: string, option: string, write: (sink: FileSink) => Promise<T>): Promise<T> {
  const there = await statOf(path);
  if (there?.isDirectory()) fail(option, `${path} is a folder; give the path of a file`, 'unwritable');
  const target = there === undefined ? path : await realpath(path);
  const special = there !== undefined && !there.isFile();
  const written = special ? target : `${target}.${process.pid}.part`;
  const file = await openFile(written, path, option);
  try {
    const result = await write({ write: (chunk) => writeChunk(file, chunk, path, option) });
    await file.close();
    if (!special) await rename(written, target);
    return result;
  } catch (error) {
    await file.close().catch(() => {});
    if (!special) await rm(written, { force: true });
    throw error;
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch {
    // It is not there yet, or opening it will say what is wrong.
    return undefined;
  }
}

async function openFile(written: string, path: string, option: string): Promise<FileHandle> {
  try {
    return await open(written, 'w');
  } catch (error) {
    return fail(option, `${path} ${unwritable(error, path)}`, 'unwritable');
  }
}

async function writeChunk(file: FileHandle, chunk: string, path: string, option: string): Promise<void> {
  try {
    await file.write(chunk);
  } catch (error) {
    fail(option, `${path} ${unwritable(error, path)}`, 'unwritable');
  }
}

function unwritable(error: unknown, path: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `cannot be written: there is no folder ${dirname(path)}; make it first`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'may not be written; give a path in a folder of your own';
    case 'ENOSPC':
      return 'cannot be written: the disk is full';
    default:
      return `cannot be written (${String(code ?? error)})`;
  }
}
