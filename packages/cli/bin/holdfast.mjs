#!/usr/bin/env node
// Registers the TypeScript loader, then hands over: the sources run as they are.
import { register } from 'tsx/esm/api';

register();
const { run } = await import('../src/index.ts');
process.exitCode = await run(process.argv.slice(2));
