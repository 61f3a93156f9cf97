// A worker thread has no TypeScript loader on Node 20 but the one that it brings.
import { importProgram } from '@holdfast/host/programs';

await importProgram(new URL('./worker.ts', import.meta.url));
