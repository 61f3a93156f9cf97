import { join } from 'node:path';
import type { Io } from '../src/index.ts';

/** A terminal that remembers. */
export function terminal(cwd: string, change: Partial<Io> = {}) {
  const seen = { out: '', err: '' };
  const io: Io = {
    out: (text) => {
      seen.out += text;
    },
    err: (text) => {
      seen.err += text;
    },
    isTty: false,
    columns: 80,
    cwd,
    home: join(cwd, 'home'),
    askSecret: async () => undefined,
    signal: new AbortController().signal,
    ...change,
  };
  return { io, seen };
}
