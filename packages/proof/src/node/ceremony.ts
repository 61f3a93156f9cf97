/**
 * A ceremony in a folder that goes from person to person: everyone adds randomness that nobody
 * else knows. One honest contributor who forgets it is enough for the keys to be sound.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError, isRejection, type Rejection, reject } from '@holdfast/units';
import { type CircuitName, readFormat } from '../files.ts';
import { circuitIdOf, keyWords } from '../groth16.ts';
import {
  ceremonyId,
  circuitIdText,
  type Phase,
  type Step,
  stateIn,
  stepHash,
  stepText,
  type Transcript,
  transcriptFault,
  transcriptFile,
} from '../transcript.ts';
import {
  type Compiled,
  compileCircuit,
  compileCircuits,
  fileHash,
  sourcesHash,
  toolVersions,
} from './compile.ts';
import type { Toolbox } from './run.ts';
import {
  beaconKey,
  beaconPowers,
  contributeKey,
  contributePowers,
  exportKey,
  newPowers,
  preparePowers,
  setupKey,
} from './snarkjs.ts';

const transcriptName = 'ceremony.json';

export type CeremonyOptions = {
  /** Places of a chunk, for both circuits. */
  readonly size: number;
  readonly circuits?: readonly CircuitName[];
  readonly contributors: Transcript['contributors'];
  readonly beacon: NonNullable<Transcript['beacon']>;
  /** Unix seconds. */
  readonly now: number;
  readonly onStep?: (what: string) => void;
};

/** The ceremony of a folder. @throws EnvironmentError `CeremonyMissing`, `FileMalformed` */
export function loadTranscript(dir: string): Transcript {
  const path = join(dir, transcriptName);
  if (!existsSync(path)) {
    throw new EnvironmentError('CeremonyMissing', `there is no ${transcriptName} in ${dir}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new EnvironmentError('FileMalformed', `${path} is no JSON`, { cause: error });
  }
  const found = readFormat(transcriptFile, value, path);
  if (isRejection(found)) throw new EnvironmentError(found.code, found.message);
  return found;
}

export function saveTranscript(dir: string, transcript: Transcript): void {
  const path = join(dir, transcriptName);
  writeFileSync(`${path}.new`, `${JSON.stringify(transcript, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/** Smallest power whose powers are enough for a circuit. */
const powerFor = (constraints: number): number =>
  Math.max(1, Math.ceil(Math.log2(constraints + 4)));

/** Compiles the circuits of a ceremony here, and tells whether they are those of its transcript. */
export async function ceremonyCircuits(
  tools: Toolbox,
  transcript: Transcript,
): Promise<Compiled[] | Rejection> {
  const found: Compiled[] = [];
  for (const { circuit, size, r1cs } of transcript.circuits) {
    const compiled = await compileCircuit(tools, circuit, size);
    if (compiled.r1csHash !== r1cs) {
      const text = `${circuit} compiles to ${compiled.r1csHash} here, the ceremony has ${r1cs}`;
      return reject('CircuitDiffers', text);
    }
    found.push(compiled);
  }
  return found;
}

type NewStep = Omit<Step, 'index' | 'previous' | 'hash' | 'signature'>;

/** The step that follows. */
export function nextStep(transcript: Transcript, of: NewStep): Step {
  const previous = transcript.steps.at(-1)?.hash ?? ceremonyId(transcript);
  const whole = { ...of, index: transcript.steps.length, previous };
  return { ...whole, hash: stepHash(whole) };
}

/** Puts a step behind the others, unless the transcript would be none with it. */
export function append(dir: string, transcript: Transcript, step: Step): Rejection | undefined {
  const fault = transcriptFault({ ...transcript, steps: [...transcript.steps, step] });
  if (fault !== undefined) return fault;
  transcript.steps.push(step);
  saveTranscript(dir, transcript);
  return undefined;
}

export const entryOf = (dir: string, file: string) => ({ file, sha256: fileHash(join(dir, file)) });

/** An empty folder. @throws EnvironmentError `FolderTaken` */
export function claimFolder(dir: string): void {
  mkdirSync(dir, { recursive: true });
  if (readdirSync(dir).length === 0) return;
  throw new EnvironmentError('FolderTaken', `${dir} is not empty: keys are made in their own`);
}

/** What a transcript says before its first step. */
export function transcriptHead(
  tools: Toolbox,
  kind: Transcript['kind'],
  circuits: readonly Compiled[],
  options: Pick<Transcript, 'contributors' | 'beacon'> & { readonly now: number },
): Transcript {
  return {
    format: 'holdfast-ceremony/1',
    kind,
    power: Math.max(...circuits.map(({ constraints }) => powerFor(constraints))),
    circuits: circuits.map(({ name, size, r1csHash, constraints }) => ({
      circuit: name,
      size,
      r1cs: r1csHash,
      constraints,
    })),
    tools: toolVersions(tools),
    sources: sourcesHash(tools),
    contributors: [...options.contributors],
    beacon: options.beacon,
    begun: options.now,
    steps: [],
  };
}

/** Opens a ceremony: fixes circuits, people and beacons, which nobody can change afterwards. */
export async function beginCeremony(
  tools: Toolbox,
  dir: string,
  options: CeremonyOptions,
): Promise<Transcript> {
  claimFolder(dir);
  const circuits = await compileCircuits(tools, options);
  const transcript = transcriptHead(tools, 'ceremony', circuits, options);
  const { power } = transcript;
  const file = 'powers-0000.ptau';
  options.onStep?.(`making the first 2^${power} powers`);
  await newPowers(tools, power, join(dir, file));
  const files = { powers: entryOf(dir, file) };
  const opening = { phase: 'powers', action: 'open', name: 'nobody' } as const;
  const step = nextStep(transcript, { ...opening, at: options.now, files, responses: {} });
  const fault = append(dir, transcript, step);
  if (fault !== undefined) throw new EnvironmentError(fault.code, fault.message);
  return transcript;
}

/** Whether the newest files are those that the transcript names. */
export function filesFault(dir: string, { steps }: Transcript): Rejection | undefined {
  for (const [name, { file, sha256 }] of Object.entries(steps.at(-1)?.files ?? {})) {
    const path = join(dir, file);
    if (!existsSync(path)) return reject('FileMissing', `${file} is not in ${dir}`);
    const found = fileHash(path);
    if (found !== sha256) {
      return reject('FileDiffers', `${name}: ${file} is ${found}, the transcript has ${sha256}`);
    }
  }
  return undefined;
}

/** Random text that holds what a person typed and 64 bytes of this machine. */
const mixed = (entropy: string): string =>
  createHash('sha512').update(randomBytes(64)).update(entropy).digest('hex');

const fileOf = (name: string, index: number): string =>
  name === 'powers'
    ? `powers-${String(index).padStart(4, '0')}.ptau`
    : `${name}-${String(index).padStart(4, '0')}.zkey`;

type Change = (files: readonly [string, string], name: string) => Promise<string>;

/** Changes every newest file into the next one. */
async function change(
  dir: string,
  { steps }: Transcript,
  act: Change,
): Promise<Pick<Step, 'files' | 'responses'>> {
  const files: Step['files'] = {};
  const responses: Step['responses'] = {};
  for (const [name, { file }] of Object.entries(steps.at(-1)!.files)) {
    const isReady = steps.some(({ phase, action }) => phase === 'powers' && action === 'close');
    if (name === 'powers' && isReady) continue;
    const next = fileOf(name, steps.length);
    responses[name] = await act([join(dir, file), join(dir, next)], name);
    files[name] = entryOf(dir, next);
  }
  return { files, responses };
}

export type ContributionOptions = {
  readonly name: string;
  /** What the contributor typed, or drew from elsewhere. It is used once and kept nowhere. */
  readonly entropy: string;
  /** Signs a text as wallets do. */
  readonly sign: (text: string) => Promise<string>;
  readonly now: number;
  readonly onStep?: (what: string) => void;
};

/** What stands against a contribution now. */
export function contributionFault(transcript: Transcript, name: string): Rejection | undefined {
  const fault = transcriptFault(transcript);
  if (fault !== undefined) return fault;
  const { phase, missing } = stateIn(transcript);
  if (phase === 'done') return reject('CeremonyDone', 'this ceremony has ended');
  if (!transcript.contributors.some((each) => each.name === name)) {
    const names = transcript.contributors.map((each) => each.name).join(', ');
    return reject('ContributorUnknown', `${name} is none of ${names}`);
  }
  if (missing.includes(name)) return undefined;
  return reject('ContributedAlready', `${name} has contributed to the ${phase}`);
}

/** One person's contribution to the phase that is open. */
export async function contribute(
  tools: Toolbox,
  dir: string,
  options: ContributionOptions,
): Promise<Step | Rejection> {
  const transcript = loadTranscript(dir);
  const fault = contributionFault(transcript, options.name) ?? filesFault(dir, transcript);
  if (fault !== undefined) return fault;
  options.onStep?.('compiling the circuits, to see that they are the ones here');
  const circuits = await ceremonyCircuits(tools, transcript);
  if (isRejection(circuits)) return circuits;
  const { phase } = stateIn(transcript);
  const made = await change(dir, transcript, (files, file) => {
    options.onStep?.(`contributing to ${file}`);
    const entropy = mixed(options.entropy);
    return file === 'powers'
      ? contributePowers(tools, files, options.name, entropy)
      : contributeKey(tools, files, options.name, entropy);
  });
  const head = { phase: phase as Phase, action: 'contribute', name: options.name } as const;
  const step = nextStep(transcript, { ...head, at: options.now, ...made });
  step.signature = await options.sign(stepText(ceremonyId(transcript), step));
  return append(dir, transcript, step) ?? step;
}

/** The announced block, as the chain has it. */
export type BeaconBlock = { readonly block: number; readonly value: string; readonly time: number };

/** Ends the open phase with the hash of the announced block. */
export async function closePhase(
  tools: Toolbox,
  dir: string,
  beacon: BeaconBlock,
  now: number,
  onStep?: (what: string) => void,
): Promise<Step | Rejection> {
  const transcript = loadTranscript(dir);
  const fault = transcriptFault(transcript) ?? filesFault(dir, transcript);
  if (fault !== undefined) return fault;
  const { phase, missing } = stateIn(transcript);
  if (phase === 'done') return reject('CeremonyDone', 'this ceremony has ended');
  if (missing.length > 0) {
    return reject('ContributorMissing', `${missing.join(', ')} did not contribute to the ${phase}`);
  }
  const circuits = await ceremonyCircuits(tools, transcript);
  if (isRejection(circuits)) return circuits;
  return closing(tools, dir, transcript, circuits, { beacon, now, onStep });
}

type Closing = {
  readonly beacon: BeaconBlock;
  readonly now: number;
  readonly onStep: ((what: string) => void) | undefined;
};

async function closing(
  tools: Toolbox,
  dir: string,
  transcript: Transcript,
  circuits: readonly Compiled[],
  { beacon, now, onStep }: Closing,
): Promise<Step | Rejection> {
  const phase = stateIn(transcript).phase as Phase;
  const made = await change(dir, transcript, (files, name) => {
    onStep?.(`beacon on ${name}`);
    return (name === 'powers' ? beaconPowers : beaconKey)(tools, files, beacon.value);
  });
  const circuitIds: Record<string, string> = {};
  if (phase === 'powers') await openKeys(tools, dir, circuits, made.files, onStep);
  else {
    for (const circuit of circuits) {
      const id = await finishKey(tools, dir, transcript, circuit, made.files);
      circuitIds[circuit.name] = id;
    }
  }
  const head = { phase, action: 'close', name: 'beacon', at: now } as const;
  const ends = phase === 'keys' ? { circuitIds } : {};
  const step = nextStep(transcript, { ...head, ...made, beacon, ...ends });
  return append(dir, transcript, step) ?? step;
}

/** The powers made ready for circuits, and the first proving key of each. */
async function openKeys(
  tools: Toolbox,
  dir: string,
  circuits: readonly Compiled[],
  files: Step['files'],
  onStep: Closing['onStep'],
): Promise<void> {
  const ready = 'powers-ready.ptau';
  onStep?.('preparing the powers for circuits');
  await preparePowers(tools, join(dir, files.powers!.file), join(dir, ready));
  files.powers = entryOf(dir, ready);
  for (const { name, r1cs } of circuits) {
    const file = fileOf(name, 0);
    onStep?.(`first proving key of ${name}`);
    await setupKey(tools, r1cs, join(dir, ready), join(dir, file));
    files[name] = entryOf(dir, file);
  }
}

/** Names of what a finished ceremony leaves. */
export const keyNames = (name: CircuitName, size: number) => ({
  provingKey: `${name}-${size}.zkey`,
  key: `${name}-${size}.key.json`,
});

/** Names a proving key by its circuit and writes its verification key beside it. */
export async function finishKey(
  tools: Toolbox,
  dir: string,
  transcript: Transcript,
  { name, size, r1csHash }: Compiled,
  files: Step['files'],
): Promise<string> {
  const names = keyNames(name, size);
  renameSync(join(dir, files[name]!.file), join(dir, names.provingKey));
  files[name] = { ...files[name]!, file: names.provingKey };
  const exported = join(dir, `${name}.vk.json`);
  const key = await exportKey(tools, join(dir, names.provingKey), exported);
  rmSync(exported);
  const circuitId = circuitIdText(circuitIdOf(key));
  const file = {
    format: 'holdfast-key/1',
    circuit: name,
    size,
    isDevelopment: transcript.kind === 'development',
    ceremony: ceremonyId(transcript).slice(2),
    r1cs: r1csHash,
    provingKey: files[name]!.sha256,
    circuitId,
    words: keyWords(key).map((word) => `0x${word.toString(16).padStart(64, '0')}`),
  };
  writeFileSync(join(dir, names.key), `${JSON.stringify(file, null, 2)}\n`);
  return circuitId;
}
