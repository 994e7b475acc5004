#!/usr/bin/env node
import { run } from '../dist/cli/main.js';

const { argv, stdin, stdout, stderr, env } = process;
// The status is set and not forced: a pipe may still be taking what was written.
process.exitCode = await run(argv.slice(2), { stdin, stdout, stderr, env });
