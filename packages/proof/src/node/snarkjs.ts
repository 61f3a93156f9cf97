/** snarkjs as a process: the commands that are used here, and what they say, read strictly. */
import { readFileSync } from 'node:fs';
import { EnvironmentError } from '@holdfast/units';
import type { PointG1, PointG2, Proof, VerificationKey } from '../groth16.ts';
import { type RunOptions, runTool, type Toolbox } from './run.ts';

/** Logarithm of how often a beacon is hashed. */
const beaconIterations = '10';

const run = (tools: Toolbox, args: readonly string[], options?: RunOptions) =>
  runTool(tools.snarkjs, args, options);

function wrong(what: string, text: string): EnvironmentError {
  const words = text.trim().split('\n').slice(-6).join('\n');
  return new EnvironmentError('ToolFailed', `${what}: ${words}`);
}

/** The four lines of four words after a title. */
function hashAfter(text: string, title: RegExp): string | undefined {
  const at = text.search(title);
  if (at < 0) return undefined;
  const found = /\n((?:\s*(?:[0-9a-f]{8}\s+){3}[0-9a-f]{8}\s*?\n?){4})/.exec(text.slice(at));
  return found?.[1]?.replace(/\s/g, '');
}

function contributionHash(text: string): string {
  const found = hashAfter(text, /Contribution (?:Response )?Hash(?: imported)?:/);
  if (found?.length === 128) return found;
  throw wrong('snarkjs tells no hash of its contribution', text);
}

/** A random text goes through standard input: arguments are seen by everyone on a machine. */
const entropyInput = (entropy: string): RunOptions => ({ input: `${entropy}\n` });

export async function newPowers(tools: Toolbox, power: number, to: string): Promise<void> {
  await run(tools, ['powersoftau', 'new', 'bn128', `${power}`, to]);
}

/** @returns what snarkjs calls the contribution */
export async function contributePowers(
  tools: Toolbox,
  [from, to]: readonly [string, string],
  name: string,
  entropy: string,
): Promise<string> {
  const args = ['powersoftau', 'contribute', from, to, `--name=${name}`];
  return contributionHash((await run(tools, args, entropyInput(entropy))).text);
}

export async function contributeKey(
  tools: Toolbox,
  [from, to]: readonly [string, string],
  name: string,
  entropy: string,
): Promise<string> {
  const args = ['zkey', 'contribute', from, to, `--name=${name}`];
  return contributionHash((await run(tools, args, entropyInput(entropy))).text);
}

export async function beaconPowers(
  tools: Toolbox,
  [from, to]: readonly [string, string],
  value: string,
): Promise<string> {
  const args = ['powersoftau', 'beacon', from, to, value, beaconIterations, '--name=beacon'];
  return contributionHash((await run(tools, args)).text);
}

export async function beaconKey(
  tools: Toolbox,
  [from, to]: readonly [string, string],
  value: string,
): Promise<string> {
  const args = ['zkey', 'beacon', from, to, value, beaconIterations, '--name=beacon'];
  return contributionHash((await run(tools, args)).text);
}

export async function preparePowers(tools: Toolbox, from: string, to: string): Promise<void> {
  await run(tools, ['powersoftau', 'prepare', 'phase2', from, to]);
}

export async function setupKey(
  tools: Toolbox,
  r1cs: string,
  powers: string,
  to: string,
): Promise<void> {
  const { text } = await run(tools, ['groth16', 'setup', r1cs, powers, to]);
  if (/ERROR/.test(text)) throw wrong('groth16 setup', text);
}

/** A contribution as a finished file holds it, in its order. */
export type Contribution = {
  readonly name: string;
  readonly hash: string;
  readonly beacon: string | undefined;
};

/** Contributions in what `verify` prints, the newest of which comes first. */
function contributionsIn(text: string, title: RegExp, hashTitle: RegExp): Contribution[] {
  const pieces = text.split(title).slice(1);
  const found: Contribution[] = [];
  for (let i = 0; i + 1 < pieces.length; i += 2) {
    const hash = hashAfter(pieces[i + 1]!, hashTitle);
    if (hash === undefined) throw wrong('snarkjs tells no hash of a contribution', text);
    const beacon = /Beacon generator: ([0-9a-f]+)/.exec(pieces[i + 1]!)?.[1];
    found.push({ name: pieces[i]!.trim(), hash, beacon });
  }
  return found.reverse();
}

/** Contributions of powers that are whole. @throws EnvironmentError `ToolFailed` if they are not */
export async function verifyPowers(tools: Toolbox, powers: string): Promise<Contribution[]> {
  const { text } = await run(tools, ['powersoftau', 'verify', powers]);
  if (!/Powers of Tau Ok!/i.test(text)) throw wrong('the powers do not verify', text);
  return contributionsIn(text, /Contribution #\d+: ?([^\n]*)\n/, /Response Hash:/);
}

/** The same of a proving key of a circuit. */
export async function verifyKey(
  tools: Toolbox,
  r1cs: string,
  powers: string,
  key: string,
): Promise<Contribution[]> {
  const { text } = await run(tools, ['zkey', 'verify', r1cs, powers, key]);
  if (!/ZKey Ok!/.test(text)) throw wrong('the proving key does not verify', text);
  return contributionsIn(text, /contribution #\d+ ([^\n]*):(?=\n)/, /^/);
}

type Text3 = readonly [string, string, string];
type Text32 = readonly (readonly [string, string])[];

const g1 = ([x, y]: Text3): PointG1 => ({ x: BigInt(x), y: BigInt(y) });
function g2([x, y]: Text32): PointG2 {
  const pair = (of: readonly [string, string] | undefined): readonly [bigint, bigint] => [
    BigInt(of![0]),
    BigInt(of![1]),
  ];
  return { x: pair(x), y: pair(y) };
}

/** The verification key that belongs to a proving key. */
export async function exportKey(
  tools: Toolbox,
  provingKey: string,
  to: string,
): Promise<VerificationKey> {
  await run(tools, ['zkey', 'export', 'verificationkey', provingKey, to]);
  const found = JSON.parse(readFileSync(to, 'utf8')) as {
    vk_alpha_1: Text3;
    vk_beta_2: Text32;
    vk_gamma_2: Text32;
    vk_delta_2: Text32;
    IC: readonly Text3[];
  };
  return {
    alpha: g1(found.vk_alpha_1),
    beta: g2(found.vk_beta_2),
    gamma: g2(found.vk_gamma_2),
    delta: g2(found.vk_delta_2),
    inputs: found.IC.map(g1),
  };
}

/** A proof as snarkjs and rapidsnark write it. @throws SyntaxError, TypeError on anything else */
export function proofOf(text: string): Proof {
  const { pi_a, pi_b, pi_c } = JSON.parse(text) as { pi_a: Text3; pi_b: Text32; pi_c: Text3 };
  return { a: g1(pi_a), b: g2(pi_b), c: g1(pi_c) };
}
