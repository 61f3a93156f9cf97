/** Compiles what the range needs beyond the built contracts; what was compiled once is kept. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { writeFileAtomic } from '@holdfast/host';
import { root } from '@holdfast/host/programs';
import { EnvironmentError, type Hex } from '@holdfast/units';
import { closure } from './sources.ts';

const script = join(root, 'packages/range/src/solidity/worker.mjs');
const cache = join(root, 'contracts/cache/range');
const openMode = 0o644;

/** A contract to compile. */
export interface Unit {
  /** Path below contracts/, or the name of a source in `sources`. */
  readonly file: string;
  readonly name: string;
  /** Texts that stand for what is on disk, by path. */
  readonly sources: Readonly<Record<string, string>>;
  /** Nearly without the optimizer, by the intermediate language, as the venue's contracts need. */
  readonly light: boolean;
}

export interface Compiler {
  /** Creation code. @throws EnvironmentError CompileFailed */
  compile(unit: Unit): Promise<Hex>;
  stop(): void;
}

interface Worker {
  readonly child: ChildProcess;
  readonly answers: AsyncIterator<string>;
  queue: Promise<unknown>;
  waiting: number;
}

function keyOf(unit: Unit): string {
  const hash = createHash('sha256').update(readFileSync(script));
  hash.update(JSON.stringify([unit.file, unit.name, unit.light]));
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  hash.update(String(lock['node_modules/solc']?.version));
  const texts = closure(unit.file, unit.sources);
  for (const path of [...texts.keys()].sort()) hash.update(`\0${path}\0${texts.get(path)}`);
  return hash.digest('hex').slice(0, 32);
}

function startWorker(): Worker {
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const answers = lines[Symbol.asyncIterator]();
  return { child, answers, queue: Promise.resolve(), waiting: 0 };
}

async function ask(worker: Worker, unit: Unit): Promise<Hex> {
  const sources = Object.fromEntries(closure(unit.file, unit.sources));
  worker.child.stdin?.write(`${JSON.stringify({ ...unit, sources })}\n`);
  const { value, done } = await worker.answers.next();
  const answer = done ? { error: 'the compiler ended' } : JSON.parse(value);
  if (answer.error !== undefined) {
    throw new EnvironmentError('CompileFailed', `${unit.name}: ${answer.error}`, { retry: false });
  }
  return answer.code;
}

/** @param workersMax processes at a time; each is started when it is first needed */
export function createCompiler(workersMax = 2): Compiler {
  const workers: Worker[] = [];
  const known = new Map<string, Promise<Hex>>();

  function least(): Worker {
    const idle = workers.find(({ waiting }) => waiting === 0);
    if (idle !== undefined) return idle;
    if (workers.length < workersMax) workers.push(startWorker());
    return [...workers].sort((a, b) => a.waiting - b.waiting)[0] as Worker;
  }

  async function make(unit: Unit, key: string): Promise<Hex> {
    const path = join(cache, `${key}.hex`);
    if (existsSync(path)) return readFileSync(path, 'utf8').trim() as Hex;
    const worker = least();
    worker.waiting += 1;
    const code = worker.queue.then(() => ask(worker, unit));
    worker.queue = code
      .catch(() => undefined)
      .finally(() => {
        worker.waiting -= 1;
      });
    mkdirSync(cache, { recursive: true });
    await writeFileAtomic(path, `${await code}\n`, openMode);
    return code;
  }

  return {
    compile(unit) {
      const key = keyOf(unit);
      const made = known.get(key) ?? make(unit, key);
      known.set(key, made);
      return made;
    },
    stop: () => {
      for (const { child } of workers) child.kill('SIGKILL');
    },
  };
}
