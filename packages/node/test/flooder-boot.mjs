// A thread that floods a node. Threads do not inherit the loader on Node 20: this brings it.
import { register } from 'tsx/esm/api';

register();
await import('./flooder.ts');
