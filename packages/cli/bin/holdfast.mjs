#!/usr/bin/env node
import { importProgram } from '@holdfast/host/programs';

const { run } = await importProgram(new URL('../src/index.ts', import.meta.url));
process.exitCode = await run(process.argv.slice(2));
