/** Anyone's check of a ceremony: its transcript, its circuits, its files, its beacons. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError, isRejection, type Rejection, reject } from '@holdfast/units';
import { type KeyFile, keyFile, readFormat } from '../files.ts';
import { circuitIdOf } from '../groth16.ts';
import {
  ceremonyId,
  circuitIdText,
  type Phase,
  productionFault,
  stateIn,
  type Transcript,
  transcriptFault,
} from '../transcript.ts';
import { ceremonyCircuits, filesFault, keyNames, loadTranscript } from './ceremony.ts';
import type { Compiled } from './compile.ts';
import type { Toolbox } from './run.ts';
import { type Contribution, exportKey, verifyKey, verifyPowers } from './snarkjs.ts';

/** A block's hash (64 digits) and time, as a chain has them. */
export type BlockOf = (block: number) => Promise<{ value: string; time: number }>;

export type CeremonyReport = {
  readonly id: string;
  readonly kind: Transcript['kind'];
  readonly phase: Phase | 'done';
  readonly missing: readonly string[];
  readonly contributions: readonly { phase: Phase; name: string; address: string }[];
  /** Whether the beacons were compared with the chain that was announced. */
  readonly areBeaconsCompared: boolean;
  readonly circuitIds: Readonly<Record<string, string>>;
};

/**
 * Checks everything that can be checked of a ceremony at the state that it is in.
 *
 * @param blockOf looks up the beacons; without it they are compared with nothing
 * @returns what was found, or the first thing that is wrong
 */
export async function verifyCeremony(
  tools: Toolbox,
  dir: string,
  options: { readonly blockOf?: BlockOf; readonly onStep?: (what: string) => void } = {},
): Promise<CeremonyReport | Rejection> {
  const transcript = loadTranscript(dir);
  const fault = transcriptFault(transcript) ?? filesFault(dir, transcript);
  if (fault !== undefined) return fault;
  const { phase, missing, last } = stateIn(transcript);
  options.onStep?.('compiling the circuits');
  const circuits = await ceremonyCircuits(tools, transcript);
  if (isRejection(circuits)) return circuits;
  const wrong =
    (await powersFault(tools, dir, transcript, options.onStep)) ??
    (await keysFault(tools, dir, transcript, circuits, options.onStep)) ??
    (phase === 'done' ? await endFault(tools, dir, transcript, circuits) : undefined) ??
    (await beaconsFault(transcript, options.blockOf));
  if (wrong !== undefined) return wrong;
  const addresses = new Map(transcript.contributors.map(({ name, address }) => [name, address]));
  return {
    id: ceremonyId(transcript),
    kind: transcript.kind,
    phase,
    missing,
    contributions: transcript.steps
      .filter(({ action }) => action === 'contribute')
      .map((step) => ({
        phase: step.phase,
        name: step.name,
        address: addresses.get(step.name) ?? '',
      })),
    areBeaconsCompared: options.blockOf !== undefined,
    circuitIds: last?.circuitIds ?? {},
  };
}

/** The contributions that a file must hold, in order, as the transcript has them. */
function expected(transcript: Transcript, phase: Phase, file: string): Contribution[] {
  return transcript.steps
    .filter((step) => step.phase === phase && step.responses[file] !== undefined)
    .map((step) => ({
      name: step.name,
      hash: step.responses[file]!,
      beacon: step.beacon?.value,
    }));
}

function differing(
  file: string,
  found: readonly Contribution[],
  wanted: readonly Contribution[],
): Rejection | undefined {
  if (JSON.stringify(found) === JSON.stringify(wanted)) return undefined;
  const names = (of: readonly Contribution[]): string => of.map(({ name }) => name).join(', ');
  const text = `${file} holds contributions of ${names(found) || 'nobody'}, the transcript of`;
  return reject('ContributionsDiffer', `${text} ${names(wanted)}, or their hashes differ`);
}

/** The newest file of a name. */
const newest = ({ steps }: Transcript, name: string): string | undefined =>
  steps.findLast(({ files }) => files[name] !== undefined)?.files[name]?.file;

async function powersFault(
  tools: Toolbox,
  dir: string,
  transcript: Transcript,
  onStep: ((what: string) => void) | undefined,
): Promise<Rejection | undefined> {
  const wanted = expected(transcript, 'powers', 'powers');
  const file = newest(transcript, 'powers');
  // The first powers are known to everyone, and snarkjs verifies none without a contribution.
  if (wanted.length === 0 || file === undefined) return undefined;
  if (!existsSync(join(dir, file))) return reject('FileMissing', `${file} is not in ${dir}`);
  onStep?.('verifying the powers');
  return differing('powers', await verifyPowers(tools, join(dir, file)), wanted);
}

async function keysFault(
  tools: Toolbox,
  dir: string,
  transcript: Transcript,
  circuits: readonly Compiled[],
  onStep: ((what: string) => void) | undefined,
): Promise<Rejection | undefined> {
  if (transcript.kind === 'development') return undefined;
  for (const { name, r1cs } of circuits) {
    const [powers, file] = [newest(transcript, 'powers'), newest(transcript, name)];
    if (powers === undefined || file === undefined) continue;
    onStep?.(`verifying the proving key of ${name}`);
    const found = await verifyKey(tools, r1cs, join(dir, powers), join(dir, file));
    const fault = differing(name, found, expected(transcript, 'keys', name));
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** A key file of a folder. @throws EnvironmentError `FileMissing`, `FileMalformed` */
export function loadKey(path: string): KeyFile {
  if (!existsSync(path)) throw new EnvironmentError('FileMissing', `there is no ${path}`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new EnvironmentError('FileMalformed', `${path} is no JSON`, { cause: error });
  }
  const found = readFormat(keyFile, value, path);
  if (isRejection(found)) throw new EnvironmentError(found.code, found.message);
  return found;
}

/** Whether the verification keys are those of the proving keys, and what production would say. */
async function endFault(
  tools: Toolbox,
  dir: string,
  transcript: Transcript,
  circuits: readonly Compiled[],
): Promise<Rejection | undefined> {
  const made = mkdtempSync(join(tmpdir(), 'holdfast-vk-'));
  try {
    for (const { name, size } of circuits) {
      const names = keyNames(name, size);
      const key = loadKey(join(dir, names.key));
      const real = await exportKey(tools, join(dir, names.provingKey), join(made, 'vk.json'));
      const id = circuitIdText(circuitIdOf(real));
      if (id !== circuitIdText(key.circuitId)) {
        return reject('KeyDiffers', `${names.key} is not the key of ${names.provingKey}`);
      }
      const fault = transcript.kind === 'ceremony' ? productionFault(transcript, key) : undefined;
      if (fault !== undefined) return fault;
    }
    return undefined;
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

async function beaconsFault(
  { steps }: Transcript,
  blockOf: BlockOf | undefined,
): Promise<Rejection | undefined> {
  for (const { beacon } of steps) {
    if (beacon === undefined || blockOf === undefined) continue;
    const real = await blockOf(beacon.block);
    if (real.value !== beacon.value || real.time !== beacon.time) {
      const found = `block ${beacon.block} is ${real.value} of ${real.time} on the chain`;
      return reject('BeaconDiffers', `${found}, the transcript has ${beacon.value}`);
    }
  }
  return undefined;
}
