/** Proofs by processes of their own: several at once, bounded in memory, taken up again. */
import { createHash, randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { EnvironmentError, isRejection, stringifyPlain } from '@holdfast/units';
import type { ChunkPlan, ChunkProof, CircuitInput } from '../epoch.ts';
import { fieldPrime } from '../field.ts';
import { epochProofFile, type KeyFile, readFormat } from '../files.ts';
import { type Proof, proofFault, proofWords } from '../groth16.ts';
import type { Fingerprint } from '../vector.ts';
import { type Compiled, fileHash } from './compile.ts';
import { runTool, type Toolbox } from './run.ts';
import { proofOf } from './snarkjs.ts';

/** What a proof is made with. */
export type ProverOptions = {
  readonly tools: Toolbox;
  readonly circuit: Compiled;
  readonly key: KeyFile;
  /** Path of the proving key. */
  readonly provingKey: string;
  /** A native prover (rapidsnark); absent: the portable one. */
  readonly native?: string | undefined;
  /** Most memory of one proof, MiB. */
  readonly memoryMax?: number | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type Made = { readonly proof: Proof; readonly memory: number; readonly ms: number };

const nativeNames = ['rapidsnark', 'rapidsnark-prover'];

/** A native prover on the path; undefined: none is there. */
export function findNative(path = process.env.PATH ?? ''): string | undefined {
  for (const folder of path.split(delimiter).filter((each) => each !== '')) {
    for (const name of nativeNames) {
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        if (statSync(file).isFile()) return file;
      } catch {
        // Not here.
      }
    }
  }
  return undefined;
}

/**
 * Whether circuit, key and proving key belong together, asked once before many proofs.
 *
 * @throws EnvironmentError `KeyDiffers`
 */
export function checkProver({ circuit, key, provingKey }: ProverOptions): void {
  const wrong =
    key.circuit !== circuit.name || key.size !== circuit.size
      ? `the key is of ${key.circuit} with ${key.size} places`
      : key.r1cs !== circuit.r1csHash
        ? 'the key is of other constraints than these sources compile to'
        : !existsSync(provingKey)
          ? `there is no proving key ${provingKey}`
          : fileHash(provingKey) !== key.provingKey
            ? `${provingKey} is not the proving key that the key names`
            : undefined;
  if (wrong !== undefined) throw new EnvironmentError('KeyDiffers', wrong);
}

/**
 * One proof. Whatever made it, it is verified here before anyone gets it.
 *
 * @throws EnvironmentError `ToolFailed`, `MemoryExceeded`, `Stopped`, `ProofWrong`
 */
export async function prove(
  options: ProverOptions,
  plan: { readonly input: CircuitInput; readonly fingerprint: Fingerprint },
): Promise<Made> {
  const { tools, circuit, key, provingKey, native, memoryMax, signal } = options;
  const started = performance.now();
  // The witness holds what the proof hides: nobody else may read it, and it does not stay.
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-proof-'));
  chmodSync(dir, 0o700);
  try {
    const [witness, out, inputs] = ['w.wtns', 'proof.json', 'public.json'].map((name) =>
      join(dir, name),
    ) as [string, string, string];
    const bounds = {
      ...(memoryMax === undefined ? {} : { memoryMax }),
      ...(signal === undefined ? {} : { signal }),
    };
    const input = stringifyPlain(plan.input);
    const first = await runTool(tools.witness, [circuit.wasm, witness], { ...bounds, input });
    const files = [provingKey, witness, out, inputs];
    const second = await (native === undefined
      ? runTool(tools.snarkjs, ['groth16', 'prove', ...files], bounds)
      : runTool(native, files, bounds));
    const proof = readProof(out);
    const { h, r, s } = plan.fingerprint;
    const fault = proof && proofFault(key.key, [h, r, s], proof);
    if (proof === undefined || fault !== undefined) {
      const who = native ?? 'the prover';
      throw new EnvironmentError('ProofWrong', `${who} made no proof that holds`);
    }
    const memory = Math.max(first.memory, second.memory);
    return { proof, memory, ms: performance.now() - started };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function readProof(path: string): Proof | undefined {
  try {
    return proofOf(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** A random element of the field. */
export function randomField(): bigint {
  for (;;) {
    const value = BigInt(`0x${randomBytes(32).toString('hex')}`) >> 2n;
    if (value < fieldPrime) return value;
  }
}

/** What a folder holds of an epoch that is being proved. */
const workName = 'work.json';

/**
 * The blinds of an epoch: drawn once and kept in its folder, so that proofs go on where they were.
 * A folder belongs to one book at one block; another one would open the sums of the first.
 *
 * @throws EnvironmentError `FolderTaken`
 */
export function blindsIn(dir: string, about: unknown, chunks: number): bigint[] {
  const mark = createHash('sha256').update(stringifyPlain(about)).digest('hex');
  const path = join(dir, workName);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (existsSync(path)) {
    const found = JSON.parse(readFileSync(path, 'utf8')) as { mark: string; blinds: string[] };
    if (found.mark !== mark) {
      const text = `${dir} holds chunks of another book or block; take an empty folder`;
      throw new EnvironmentError('FolderTaken', text);
    }
    return found.blinds.map(BigInt);
  }
  const blinds = Array.from({ length: chunks }, randomField);
  writeSafely(path, stringifyPlain({ mark, blinds }), 0o600);
  return blinds;
}

function writeSafely(path: string, text: string, mode = 0o644): void {
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}

export type Progress = {
  readonly chunk: number;
  /** Chunks that are proved, of all. */
  readonly done: number;
  readonly of: number;
  /** Whether it was there from before. */
  readonly isOld: boolean;
  readonly ms: number;
  readonly memory: number;
};

export type EpochOptions = ProverOptions & {
  /** Where chunks are kept. */
  readonly dir: string;
  /** Proofs at once; absent: as many as cores and memory allow. */
  readonly jobs?: number | undefined;
  /** Memory for all proofs together, MiB. */
  readonly memoryAll?: number | undefined;
  readonly onProgress?: (progress: Progress) => void;
};

const chunkName = (index: number): string => `chunk-${String(index).padStart(5, '0')}.json`;

/** A chunk from before, if it holds for exactly this plan. */
function oldChunk(dir: string, key: KeyFile, plan: ChunkPlan, index: number) {
  const path = join(dir, chunkName(index));
  if (!existsSync(path)) return undefined;
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as unknown;
    const found = readFormat(epochProofFile.shape.chunks.element, value, path);
    if (isRejection(found)) return undefined;
    const { h, r, s } = plan.fingerprint;
    const { sumsAfter, chunkRoot } = plan.statement;
    const isSame = found.sumsAfter === sumsAfter && found.chunkRoot === chunkRoot;
    const holds = isSame && proofFault(key.key, [h, r, s], found.proof) === undefined;
    return holds ? found : undefined;
  } catch {
    // Torn or foreign: it is made again.
    return undefined;
  }
}

/** Memory of one proof, MiB, guessed from the size of its key before one was made. */
const memoryGuess = (provingKey: string): number =>
  400 + Math.ceil((6 * statSync(provingKey).size) / 2 ** 20);

/** How many proofs run at once. */
export function jobsFor(options: Pick<EpochOptions, 'jobs' | 'memoryAll' | 'provingKey'>): number {
  if (options.jobs !== undefined) return options.jobs;
  const most = options.memoryAll ?? Number.POSITIVE_INFINITY;
  const fitting = Math.floor(most / memoryGuess(options.provingKey));
  return Math.max(1, Math.min(availableParallelism(), fitting));
}

/**
 * Proves the chunks of an epoch. Chunks that are in the folder and hold are not made again, so that
 * a run that was ended goes on; the first failure ends the others.
 *
 * @throws EnvironmentError of the first proof that failed
 */
export async function proveEpoch(
  options: EpochOptions,
  plans: readonly ChunkPlan[],
): Promise<(ChunkProof & { readonly h: bigint })[]> {
  checkProver(options);
  const { dir, key, onProgress } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const ended = new AbortController();
  const stop = (): void => ended.abort();
  options.signal?.addEventListener('abort', stop, { once: true });
  if (options.signal?.aborted) stop();
  const made: (ChunkProof & { readonly h: bigint })[] = [];
  let done = 0;
  const queue = plans.map((_, index) => index);
  const tell = (chunk: number, isOld: boolean, ms = 0, memory = 0): void => {
    done++;
    onProgress?.({ chunk, done, of: plans.length, isOld, ms, memory });
  };
  const work = async (): Promise<void> => {
    for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
      const plan = plans[index]!;
      const old = oldChunk(dir, key, plan, index);
      if (old !== undefined) {
        made[index] = old;
        tell(index, true);
        continue;
      }
      const { proof, ms, memory } = await prove({ ...options, signal: ended.signal }, plan);
      const { sumsAfter, chunkRoot } = plan.statement;
      const chunk = { sumsAfter, chunkRoot, h: plan.fingerprint.h, proof };
      made[index] = chunk;
      const text = stringifyPlain({ ...chunk, proof: proofWords(proof) }, 2);
      writeSafely(join(dir, chunkName(index)), `${text}\n`);
      tell(index, false, ms, memory);
    }
  };
  const workers = Array.from({ length: jobsFor(options) }, () =>
    work().catch((error: unknown) => {
      ended.abort();
      return error;
    }),
  );
  // All have ended when this returns, so that no process outlives its caller's interest.
  const ends = await Promise.all(workers);
  options.signal?.removeEventListener('abort', stop);
  const errors = ends.filter((each) => each !== undefined);
  const isStop = (each: unknown): boolean =>
    each instanceof EnvironmentError && each.code === 'Stopped';
  const first = errors.find((each) => !isStop(each)) ?? errors[0];
  if (first !== undefined) throw first;
  return made;
}
