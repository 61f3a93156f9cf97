// Worker threads do not inherit the process's TypeScript loader on Node 20: this one brings it.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
