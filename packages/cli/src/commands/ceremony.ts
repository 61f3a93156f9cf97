/** ceremony: the keys of the proof circuits, made by several people of whom one must be honest. */
import { readFileSync } from 'node:fs';
import { root } from '@holdfast/host/programs';
import { EnvironmentError, isRejection, type Rejection } from '@holdfast/units';
import { Command } from 'commander';
import { createPublicClient, http } from 'viem';
import { Refused, UsageError } from '../failure.ts';
import { pairs, type Result, table } from '../io.ts';
import { parseAddress, parseName, parseWhole } from '../parse.ts';
import type { Session } from '../session.ts';
import { finish, group, type Perform } from './shared.ts';

const proofs = () => import('@holdfast/proof');
const machine = () => import('@holdfast/proof/node');

const unixNow = (): number => Math.floor(Date.now() / 1000);

/** Tells on standard error what takes its time. */
const stepsTo =
  ({ io }: Session) =>
  (what: string): void =>
    io.err(`${what} …\n`);

function agreedTo<T>(found: T | Rejection): T {
  if (isRejection(found)) throw new Refused(found);
  return found as T;
}

/** A power of two of at least 2. @throws UsageError */
export function parseSize(text: string): number {
  const size = parseWhole(text, 'size', 1024);
  if (size >= 2 && Number.isInteger(Math.log2(size))) return size;
  throw new UsageError(`size ${size} is no power of two from 2 to 1024`);
}

function contributorFrom(text: string): { name: string; address: string } {
  const [name = '', address = ''] = text.split('=');
  return { name: parseName(name), address: parseAddress(address) };
}

type BeginOptions = {
  readonly dir: string;
  readonly size: string;
  readonly contributor: readonly string[];
  readonly chainId: string;
  readonly powersBlock: string;
  readonly keysBlock: string;
};

async function begin(s: Session, options: BeginOptions): Promise<Result> {
  const { contributorsMin } = await proofs();
  const contributors = options.contributor.map(contributorFrom);
  const different = (key: 'name' | 'address'): number =>
    new Set(contributors.map((each) => each[key].toLowerCase())).size;
  if (Math.min(different('name'), different('address')) !== contributors.length) {
    throw new UsageError('two contributors have one name or one address');
  }
  if (contributors.length < contributorsMin) {
    throw new UsageError(
      `name at least ${contributorsMin} contributors: --contributor NAME=ADDRESS`,
    );
  }
  const beacon = {
    chainId: parseWhole(options.chainId, 'chain id'),
    powersBlock: parseWhole(options.powersBlock, 'block of the powers'),
    keysBlock: parseWhole(options.keysBlock, 'block of the keys'),
  };
  if (beacon.keysBlock <= beacon.powersBlock) {
    throw new UsageError('the keys are closed after the powers: --keys-block must be later');
  }
  const { beginCeremony, toolbox } = await machine();
  const transcript = await beginCeremony(toolbox(root), options.dir, {
    size: parseSize(options.size),
    contributors,
    beacon,
    now: unixNow(),
    onStep: stepsTo(s),
  });
  const { ceremonyId } = await proofs();
  const id = ceremonyId(transcript);
  const names = contributors.map(({ name }) => name).join(', ');
  return {
    data: { id, power: transcript.power, contributors, beacon },
    text: pairs([
      ['ceremony', id],
      ['powers', `2^${transcript.power}`],
      ['contributors', names],
      ['closed by', `blocks ${beacon.powersBlock} and ${beacon.keysBlock} of ${beacon.chainId}`],
    ]),
    next: 'publish the id, hand the folder on: holdfast ceremony contribute --dir DIR --name NAME',
  };
}

/** What a person types, or what a file of theirs holds. @throws EnvironmentError */
async function entropyFrom(s: Session, file: string | undefined): Promise<string> {
  if (file !== undefined) {
    try {
      return readFileSync(file).toString('hex');
    } catch (cause) {
      throw new EnvironmentError('FileMissing', `${file} cannot be read`, { cause });
    }
  }
  const typed = await s.io.askSecret('Type at random, then Enter (nobody sees it): ');
  if (typed !== undefined && typed.length >= 16) return typed;
  const message = 'a contribution needs 16 random characters or more, typed or in --entropy-file';
  throw new EnvironmentError('EntropyMissing', message);
}

type ContributeOptions = {
  readonly dir: string;
  readonly name: string;
  readonly entropyFile?: string;
};

async function contribute(s: Session, options: ContributeOptions): Promise<Result> {
  const m = await machine();
  // What stands against it is told before anyone types.
  const fault = m.contributionFault(m.loadTranscript(options.dir), options.name);
  if (fault !== undefined) throw new Refused(fault);
  const signer = await s.signer();
  const step = agreedTo(
    await m.contribute(m.toolbox(root), options.dir, {
      name: options.name,
      entropy: await entropyFrom(s, options.entropyFile),
      sign: (message) => signer.signMessage({ message }),
      now: unixNow(),
      onStep: stepsTo(s),
    }),
  );
  return {
    data: step,
    text: pairs([
      ['contributed', `${options.name} to the ${step.phase}`],
      ['step', step.hash],
      ...Object.entries(step.responses).map(([name, hash]): [string, string] => [name, hash]),
    ]),
    next: 'keep the hashes, hand the folder on, destroy every copy of your entropy',
  };
}

/** The chain's block as a beacon. */
async function blockSource(rpc: string, chainId: number) {
  const client = createPublicClient({ transport: http(rpc) });
  const found = await client.getChainId().catch((cause: unknown) => {
    throw new EnvironmentError('ChainFailed', `${rpc} does not answer`, { retry: true, cause });
  });
  if (found !== chainId) {
    throw new UsageError(`${rpc} is chain ${found}, the beacon is announced on ${chainId}`);
  }
  return async (block: number) => {
    const at = await client.getBlock({ blockNumber: BigInt(block) }).catch((cause: unknown) => {
      const message = `block ${block} is not there yet`;
      throw new EnvironmentError('BeaconMissing', message, { retry: true, cause });
    });
    return { value: at.hash.slice(2), time: Number(at.timestamp) };
  };
}

async function beacon(s: Session, { dir }: { readonly dir: string }): Promise<Result> {
  const m = await machine();
  const { stateIn } = await proofs();
  const transcript = m.loadTranscript(dir);
  const announced = transcript.beacon;
  const { phase } = stateIn(transcript);
  if (announced === undefined || phase === 'done') {
    throw new UsageError('this ceremony has no phase that a beacon could close');
  }
  if (s.globals.rpc === undefined) {
    throw new EnvironmentError('RpcMissing', 'the beacon is the hash of a block: give its chain');
  }
  const block = phase === 'powers' ? announced.powersBlock : announced.keysBlock;
  const found = await (await blockSource(s.globals.rpc, announced.chainId))(block);
  const value = { block, ...found };
  const tools = m.toolbox(root);
  const step = agreedTo(await m.closePhase(tools, dir, value, unixNow(), stepsTo(s)));
  const next =
    phase === 'powers'
      ? 'every contributor again: holdfast ceremony contribute --dir DIR --name NAME'
      : 'publish the folder; everyone: holdfast ceremony verify --dir DIR --rpc URL';
  const text = pairs([
    ['closed', phase],
    ['beacon', `block ${block}, ${found.value}`],
  ]);
  return { data: step, text, next };
}

async function verify(s: Session, { dir }: { readonly dir: string }): Promise<Result> {
  const m = await machine();
  const announced = m.loadTranscript(dir).beacon;
  const { rpc } = s.globals;
  const isCompared = rpc !== undefined && announced !== undefined;
  const blockOf = isCompared ? { blockOf: await blockSource(rpc, announced.chainId) } : {};
  const options = { ...blockOf, onStep: stepsTo(s) };
  const report = agreedTo(await m.verifyCeremony(m.toolbox(root), dir, options));
  const rows = report.contributions.map(({ phase, name, address }) => [name, phase, address]);
  const beacons = report.areBeaconsCompared
    ? 'are those of the chain'
    : 'NOT compared with the chain: give --rpc';
  const kind =
    report.kind === 'development' ? 'DEVELOPMENT: proves nothing elsewhere' : report.kind;
  const head: [string, string][] = [
    ['ceremony', report.id],
    ['kind', kind],
    ['phase', report.phase],
    ['missing', report.missing.join(', ') || 'nobody'],
    ...(report.kind === 'ceremony' ? [['beacons', beacons] as [string, string]] : []),
    ...Object.entries(report.circuitIds).map(([name, id]): [string, string] => [name, id]),
  ];
  const list = rows.length > 0 ? `\n\n${table([['who', 'phase', 'address'], ...rows], 3)}` : '';
  return { data: report, text: `${pairs(head)}${list}` };
}

async function status(_: Session, { dir }: { readonly dir: string }): Promise<Result> {
  const m = await machine();
  const { ceremonyId, stateIn, transcriptFault } = await proofs();
  const transcript = m.loadTranscript(dir);
  const { phase, missing, last } = stateIn(transcript);
  const fault = transcriptFault(transcript) ?? m.filesFault(dir, transcript);
  const id = ceremonyId(transcript);
  const rows: [string, string][] = [
    ['ceremony', id],
    ['kind', transcript.kind],
    ['phase', phase],
    ['missing', missing.join(', ') || 'nobody'],
    ['last step', last === undefined ? 'none' : `${last.index} ${last.action} by ${last.name}`],
    ['wrong', fault?.message ?? 'nothing that hashes and signatures show'],
  ];
  const next = fault === undefined ? undefined : 'take the folder again from whoever had it before';
  return { data: { id, phase, missing, last, fault }, text: pairs(rows), next };
}

type DevelopmentOptions = { readonly dir: string; readonly size: string };

async function development(s: Session, options: DevelopmentOptions): Promise<Result> {
  const m = await machine();
  const transcript = await m.developmentKeys(m.toolbox(root), options.dir, {
    size: parseSize(options.size),
    now: unixNow(),
    onStep: stepsTo(s),
  });
  const ids = transcript.steps.at(-1)?.circuitIds ?? {};
  const text = pairs([
    ['keys', options.dir],
    ...Object.entries(ids).map(([name, id]): [string, string] => [name, id]),
    ['for', 'chain 31337 alone: their maker can prove anything with them'],
  ]);
  return { data: { dir: options.dir, circuitIds: ids }, text };
}

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

/** ceremony begin, contribute, beacon, verify, status, development. */
export function ceremonyCommands(perform: Perform): Command {
  const inDir = (name: string, what: string): Command =>
    new Command(name).description(what).requiredOption('--dir <dir>', 'folder of the ceremony');
  const opening = inDir('begin', 'Coordinator: fix circuits, people and beacons in an empty folder')
    .requiredOption('--size <n>', 'members of a chunk, a power of two')
    .requiredOption('--contributor <name=address>', 'a contributor; give each', collect, [])
    .requiredOption('--chain-id <n>', 'chain whose blocks are the beacons')
    .requiredOption('--powers-block <n>', 'future block that closes the powers')
    .requiredOption('--keys-block <n>', 'later block that closes the keys');
  const giving = inDir('contribute', 'Contributor: add randomness that nobody else knows')
    .requiredOption('--name <name>', 'your name in the ceremony')
    .option('--entropy-file <file>', 'random bytes of yours, instead of typing');
  const making = inDir(
    'development',
    'Keys for a local chain, made alone; no one else takes them',
  ).requiredOption('--size <n>', 'members of a chunk, a power of two');
  const people = '--contributor ann=0x… --contributor ben=0x…';
  const all = group('ceremony', 'Keys of the proof circuits', [
    'holdfast ceremony development --dir keys --size 4',
    'holdfast ceremony status --dir ceremony',
  ]);
  const blocks = '--chain-id 1 --powers-block 25000000 --keys-block 25020000';
  all.addCommand(
    finish(opening, [
      `holdfast ceremony begin --dir ceremony --size 16 ${people} ${blocks}`,
    ]).action((options) => perform(options, (s) => begin(s, options))),
  );
  all.addCommand(
    finish(giving, ['holdfast ceremony contribute --dir ceremony --name ann --key ann']).action(
      (options) => perform(options, (s) => contribute(s, options)),
    ),
  );
  all.addCommand(
    finish(inDir('beacon', 'Coordinator: close the phase with the announced block'), [
      'holdfast ceremony beacon --dir ceremony --rpc https://rpc.example',
    ]).action((options) => perform(options, (s) => beacon(s, options))),
  );
  all.addCommand(
    finish(inDir('verify', 'Anyone: check transcript, circuits, files, keys and beacons'), [
      'holdfast ceremony verify --dir ceremony --rpc https://rpc.example',
    ]).action((options) => perform(options, (s) => verify(s, options))),
  );
  all.addCommand(
    finish(inDir('status', 'Where the ceremony is, and who is missing'), [
      'holdfast ceremony status --dir ceremony',
    ]).action((options) => perform(options, (s) => status(s, options))),
  );
  all.addCommand(
    finish(making, ['holdfast ceremony development --dir keys --size 4']).action((options) =>
      perform(options, (s) => development(s, options)),
    ),
  );
  return all;
}
