import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ForetrainError, fail } from '../errors.ts';
import { findModelEntry } from '../graph/catalogue.ts';
import { parseJson } from '../job/index.ts';

/** The folder that a job's paths are relative to: its own, or for standard input the one where the command runs. */
export function folderOf(path: string): string {
  return path === '-' ? '.' : dirname(path);
}

/**
 * A job whose `model` is the path of a JSON file (a ModelSpec or a Hugging Face `config.json`), with the file's
 * contents in place of the path. Any other value comes back as it is; names of the catalogue come before files.
 *
 * @param value any value, such as JSON.parse gives
 * @param folder what the path is relative to
 * @throws {ForetrainError} at `model` where the file is not there or is not JSON
 */
export function withModelFile(value: unknown, folder: string): unknown {
  const path = modelPath(value);
  if (path === undefined) return value;
  const file = resolve(folder, path);
  if (!existsSync(file)) {
    // A name that is no path is for the catalogue to refuse, which knows names that are near.
    if (!looksLikePath(path)) return value;
    fail('model', `there is no file ${path}; paths are relative to the folder of the job file`, 'unreadable');
  }
  return { ...(value as object), model: readModelFile(file, path) };
}

function modelPath(value: unknown): string | undefined {
  const model = typeof value === 'object' && value !== null && 'model' in value ? value.model : undefined;
  return typeof model === 'string' && model !== '' && findModelEntry(model) === undefined ? model : undefined;
}

function looksLikePath(text: string): boolean {
  return text.includes('/') || text.includes('\\') || text.endsWith('.json');
}

function readModelFile(file: string, path: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return fail('model', `${path} cannot be read as a file; give a catalogue name, or a JSON file`, 'unreadable');
  }
  try {
    return parseJson(text, 'a model');
  } catch (error) {
    if (!(error instanceof ForetrainError)) throw error;
    return fail('model', `${path}, ${error.path}: ${error.faults[0]?.message ?? ''}`, 'syntax');
  }
}
