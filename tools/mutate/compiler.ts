/** The compiler of `compile.mjs` in a process of its own, one request at a time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Hex } from 'viem';
import { root } from '../sources.mjs';
import type { Node } from './solidity.ts';

/** A contract by its file below contracts/. */
export type Source = { readonly name: string; readonly file: string };
export type Compiled = { code?: Hex; trees?: [string, Node][]; error?: string };

/** Starts one; `stop` ends its process. */
export function createCompiler() {
  const script = join(root, 'tools/mutate/compile.mjs');
  const child: ChildProcess = spawn(process.execPath, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const answers = lines[Symbol.asyncIterator]();
  return {
    /** @param replaced texts of sources that differ, by path below contracts/ */
    async compile(
      { file, name }: Source,
      replaced: Readonly<Record<string, string>>,
      withTrees = false,
    ) {
      child.stdin?.write(`${JSON.stringify({ file, name, replaced, withTrees })}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error('the compiler ended');
      return JSON.parse(value as string) as Compiled;
    },
    stop: () => child.kill('SIGKILL'),
  };
}
export type Compiler = ReturnType<typeof createCompiler>;
