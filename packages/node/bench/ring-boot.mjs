// Threads do not inherit the TypeScript loader on Node 20: this one brings it.
import { register } from 'tsx/esm/api';

register();
await import('./ring-worker.ts');
