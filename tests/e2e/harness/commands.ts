import assert from 'node:assert/strict';
import { holdfast } from './launcher.ts';

/** Commands that must succeed, by what they print as JSON. */
export type Line = { json: <T>(...args: readonly string[]) => Promise<T> };

export function commands(dir: string): Line {
  return {
    async json<T>(...args: readonly string[]): Promise<T> {
      const said = await holdfast(dir, ...args, '--json');
      assert.equal(said.code, 0, `${args.join(' ')}: ${said.out}${said.err}`);
      return JSON.parse(said.out) as T;
    },
  };
}
