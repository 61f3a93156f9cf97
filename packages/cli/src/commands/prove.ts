/** prove: the statements of a confidential pool, from files and into files. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { root } from '@holdfast/host/programs';
import type { KeyFile } from '@holdfast/proof';
import type { ProverOptions } from '@holdfast/proof/node';
import { EnvironmentError, isRejection, type Rejection, stringifyPlain } from '@holdfast/units';
import { Command } from 'commander';
import { Refused, UsageError } from '../failure.ts';
import { pairs, type Result } from '../io.ts';
import { parseWhole } from '../parse.ts';
import type { Session } from '../session.ts';
import { parseSize } from './ceremony.ts';
import { pageCommand } from './prove-page.ts';
import { checkFolders, finish, group, type Perform } from './shared.ts';

const proofs = () => import('@holdfast/proof');
const machine = () => import('@holdfast/proof/node');
type Proofs = Awaited<ReturnType<typeof proofs>>;

function accepted<T>(found: T | Rejection): T {
  if (isRejection(found)) throw new Refused(found);
  return found as T;
}

/** A file of a format. @throws EnvironmentError `FileMissing`, `FileMalformed` */
function readAs<S extends Parameters<Proofs['readFormat']>[0]>(
  p: Proofs,
  schema: S,
  path: string,
): S['_zod']['output'] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const isMissing = (cause as { code?: string }).code === 'ENOENT';
    const message = isMissing ? `there is no ${path}` : `${path} is no JSON`;
    throw new EnvironmentError(isMissing ? 'FileMissing' : 'FileMalformed', message, { cause });
  }
  const found = p.readFormat(schema, value, path);
  if (isRejection(found)) throw new EnvironmentError(found.code, found.message);
  return found;
}

type ProverFlags = {
  readonly keys: string;
  readonly size: string;
  readonly native?: string | true;
  readonly memory?: string;
};

/** The prover of a circuit with the keys of a folder. */
async function proverOf(
  s: Session,
  name: 'solvency' | 'margin',
  flags: ProverFlags,
): Promise<ProverOptions> {
  const m = await machine();
  const size = parseSize(flags.size);
  const names = m.keyNames(name, size);
  const tools = m.toolbox(root);
  const native = flags.native === true ? m.findNative() : flags.native;
  if (flags.native === true && native === undefined) {
    throw new UsageError('there is no native prover on the path: give --native FILE');
  }
  const options = {
    tools,
    circuit: await m.compileCircuit(tools, name, size),
    key: m.loadKey(join(flags.keys, names.key)),
    provingKey: join(flags.keys, names.provingKey),
    native,
    memoryMax: flags.memory === undefined ? undefined : parseWhole(flags.memory, 'memory'),
    signal: s.io.signal,
  };
  m.checkProver(options);
  return options;
}

type SolvencyOptions = ProverFlags & {
  readonly facts: string;
  readonly book: string;
  readonly work: string;
  readonly out: string;
  readonly jobs?: string;
};

async function solvency(s: Session, options: SolvencyOptions): Promise<Result> {
  checkFolders({ out: options.out });
  const [p, m] = [await proofs(), await machine()];
  const facts = readAs(p, p.factsFile, options.facts);
  const { members } = readAs(p, p.bookFile, options.book);
  // A book that cannot be proved is told before anything is compiled.
  const fault = p.bookFault(facts, members);
  if (fault !== undefined) throw new Refused(fault);
  const prover = await proverOf(s, 'solvency', options);
  const { size } = prover.circuit;
  const { circuitId } = prover.key;
  const chunks = p.chunkCount(members.length, size);
  const about = { circuitId, facts, members };
  const blinds = m.blindsIn(options.work, about, chunks);
  const plans = accepted(p.planEpoch({ circuitId, size }, facts, members, blinds));
  const jobs = options.jobs === undefined ? undefined : parseWhole(options.jobs, 'jobs', 1024);
  const started = performance.now();
  const made = await m.proveEpoch(
    {
      ...prover,
      dir: options.work,
      jobs: jobs === undefined ? undefined : Math.max(1, jobs),
      onProgress: ({ chunk, done, of, isOld, ms, memory }) => {
        const how = isOld ? 'was there' : `${(ms / 1000).toFixed(1)} s, ${Math.ceil(memory)} MiB`;
        s.io.err(`chunk ${chunk}: ${how} (${done} of ${of})\n`);
      },
    },
    plans,
  );
  const file = {
    format: 'holdfast-epoch-proof/1',
    circuitId,
    epoch: facts.epoch,
    chunks: made.map((chunk) => ({ ...chunk, proof: p.proofWords(chunk.proof) })),
  };
  writeFileSync(options.out, `${stringifyPlain(file, 2)}\n`);
  const seconds = (performance.now() - started) / 1000;
  return {
    data: { out: options.out, members: members.length, chunks: made.length, seconds },
    text: pairs([
      ['proved', `epoch ${facts.epoch}: ${members.length} members in ${made.length} chunks`],
      ['time', `${seconds.toFixed(1)} s on ${cpus().length} cores`],
      ['file', options.out],
    ]),
    next: `anyone: holdfast prove verify --proof ${options.out}, with facts of their own`,
  };
}

type MarginOptions = ProverFlags & {
  readonly facts: string;
  readonly member: string;
  readonly question: string;
  readonly out: string;
};

/** What the member's own files say of the chunk that it is in. */
function marginInputs(p: Proofs, options: Pick<MarginOptions, 'facts' | 'member'>, size: number) {
  const facts = readAs(p, p.factsFile, options.facts);
  const member = readAs(p, p.memberFile, options.member);
  const place = member.siblings.map((_, k) => BigInt((member.number >> k) & 1));
  if (2 ** member.siblings.length !== size) {
    const found = `${options.member} has a path of ${member.siblings.length} steps`;
    throw new UsageError(`${found}: chunks of ${size} need ${Math.log2(size)}`);
  }
  const chunkIndex = Math.floor(member.number / size);
  const { chainId, pool, epoch, context } = facts;
  const where = { chainId, pool, epoch, context, chunkIndex, chunkRoot: member.chunkRoot };
  return { where, witness: { ...member, place } };
}

async function margin(s: Session, options: MarginOptions): Promise<Result> {
  checkFolders({ out: options.out });
  const p = await proofs();
  const { where, witness } = marginInputs(p, options, parseSize(options.size));
  const question = readAs(p, p.questionFile, options.question);
  const prover = await proverOf(s, 'margin', options);
  const { circuitId } = prover.key;
  const plan = accepted(p.planMargin(circuitId, where, question, witness));
  const { proof, ms, memory } = await (await machine()).prove(prover, plan);
  const { nullifier } = plan.statement;
  const { epoch, chunkIndex, chunkRoot } = where;
  const { h } = plan.fingerprint;
  const told = { circuitId, epoch, chunkIndex, chunkRoot, nullifier, h };
  const file = { format: 'holdfast-margin-proof/1', ...told, proof: p.proofWords(proof) };
  writeFileSync(options.out, `${stringifyPlain(file, 2)}\n`);
  return {
    data: { out: options.out, nullifier, ms, memory },
    text: pairs([
      ['proved', question.kind === 'threshold' ? `equity ≥ ${question.threshold}` : question.kind],
      ['nullifier', `${nullifier}`],
      ['time', `${(ms / 1000).toFixed(1)} s`],
      ['file', options.out],
    ]),
  };
}

type VerifyOptions = {
  readonly proof: string;
  readonly facts: string;
  readonly keys: string;
  readonly size: string;
  readonly question?: string;
  readonly member?: string;
  readonly root?: string;
  readonly now?: string;
};

/** The key of a circuit, if it counts on this chain. @throws Refused */
async function trustedKey(
  name: 'solvency' | 'margin',
  options: VerifyOptions,
  chainId: bigint,
): Promise<KeyFile> {
  const [p, m] = [await proofs(), await machine()];
  const key = m.loadKey(join(options.keys, m.keyNames(name, parseSize(options.size)).key));
  const fault = p.trustFault(key, chainId, () => m.loadTranscript(options.keys));
  if (fault !== undefined) throw new Refused(fault);
  return key;
}

/** Which ceremony a key is of: its reader compares the id with the published one. */
const originOf = ({ isDevelopment, ceremony }: KeyFile): string =>
  isDevelopment ? 'for development, made by one party' : `of ceremony 0x${ceremony}`;

async function verifyEpoch(options: VerifyOptions): Promise<Result> {
  const p = await proofs();
  const facts = readAs(p, p.factsFile, options.facts);
  const file = readAs(p, p.epochProofFile, options.proof);
  const key = await trustedKey('solvency', options, facts.chainId);
  const circuit = { circuitId: key.circuitId, size: key.size };
  const fault = p.epochFault(key.key, circuit, facts, file.chunks);
  if (fault !== undefined) throw new Refused(fault);
  const own = options.member && ownPlace(p, options.member, file.chunks, key.size);
  return {
    data: { isProven: true, epoch: facts.epoch, members: facts.keys.length, own },
    text: pairs([
      ['proven', `epoch ${facts.epoch}`],
      ['members', `${facts.keys.length}, each covered, none left out or counted twice`],
      ['totals', 'are those of the omnibus account in the facts'],
      ['keys', originOf(key)],
      ...(own === undefined ? [] : [['you', own] as [string, string]]),
    ]),
  };
}

/** Whether a member's own holding is in the proved chunk. @throws Refused `NotIncluded` */
function ownPlace(
  p: Proofs,
  path: string,
  chunks: readonly { chunkRoot: bigint }[],
  size: number,
): string {
  const member = readAs(p, p.memberFile, path);
  const index = Math.floor(member.number / size);
  const key = p.memberKey(member.secret, member.owner);
  const chunk = chunks[index];
  const isIn =
    chunk !== undefined &&
    p.isIncluded({ ...member, key }, member.number, member.siblings, chunk.chunkRoot);
  if (isIn) return `member ${member.number} of chunk ${index}, with the holding in ${path}`;
  const message = `member ${member.number} with the holding in ${path} is not in this epoch`;
  throw new Refused({ code: 'NotIncluded', message });
}

async function verifyMargin(options: VerifyOptions, question: string): Promise<Result> {
  const p = await proofs();
  const facts = readAs(p, p.factsFile, options.facts);
  const file = readAs(p, p.marginProofFile, options.proof);
  const asked = readAs(p, p.questionFile, question);
  if (options.root === undefined) {
    throw new UsageError(
      'give --root: the chunk root that the chain holds, never the one of a file',
    );
  }
  if (!/^(?:\d{1,80}|0x[0-9a-fA-F]{1,64})$/.test(options.root)) {
    throw new UsageError(`--root ${options.root} is no number`);
  }
  const key = await trustedKey('margin', options, facts.chainId);
  const { chainId, pool, epoch, context } = facts;
  const { chunkIndex } = file;
  const where = { chainId, pool, epoch, context, chunkIndex, chunkRoot: BigInt(options.root) };
  const now = BigInt(
    options.now === undefined ? Math.floor(Date.now() / 1000) : parseWhole(options.now, 'time'),
  );
  const fault = p.marginFault(key.key, key.circuitId, where, asked, file, now);
  if (fault !== undefined) throw new Refused(fault);
  const said = asked.kind === 'threshold' ? `equity ≥ ${asked.threshold}` : `${asked.kind} margin`;
  return {
    data: { isProven: true, kind: asked.kind, nullifier: file.nullifier },
    text: pairs([
      ['proven', `a member of chunk ${chunkIndex} of epoch ${epoch} has ${said}`],
      ['nullifier', `${file.nullifier}`],
      ['keys', originOf(key)],
    ]),
    next: 'keep the nullifier, and refuse it when it comes again',
  };
}

const chainProofs = () => import('./pool-prove.ts');

/** Options of which some are needed here. @throws UsageError */
function given<T extends Readonly<Record<string, unknown>>>(options: T, names: string[]): T {
  const missing = names.filter((name) => options[name] === undefined).map((name) => `--${name}`);
  if (missing.length > 0) throw new UsageError(`this needs ${missing.join(', ')} as well`);
  return options;
}

const files = {
  facts: 'what the chain says of the epoch: facts.json',
  keys: 'folder of a ceremony with its keys',
  size: 'members of a chunk',
} as const;

const base = (name: string, what: string): Command =>
  new Command(name)
    .description(what)
    .requiredOption('--facts <file>', files.facts)
    .requiredOption('--keys <dir>', files.keys)
    .requiredOption('--size <n>', files.size);

const proving = (name: string, what: string): Command =>
  new Command(name)
    .description(what)
    .option('--facts <file>', files.facts)
    .option('--keys <dir>', files.keys)
    .option('--size <n>', files.size)
    .option('--pool <address>', 'without files: the pool (default: the only one known here)')
    .option('--out <file>', 'where the proof goes')
    .option('--native [file]', 'use a native prover: the one on the path, or this one')
    .option('--memory <mib>', 'most memory of one proof');

/** prove solvency, margin, verify, page. */
export function proveCommands(perform: Perform): Command {
  const whole = proving('solvency', 'Operator: prove an epoch, chunk by chunk')
    .option('--book <file>', 'members with cash and positions: book.json (secret)')
    .option('--work <dir>', 'where chunks are kept, so that a run that ended goes on')
    .option('--jobs <n>', 'proofs at once (default: the cores)');
  const single = proving('margin', 'Member: answer a question without saying who or how much')
    .option('--member <file>', 'secret, holding and path: member.json (secret)')
    .option('--question <file>', 'what is asked: question.json')
    .option('--to <verifier>', 'without files: who is to believe it')
    .option('--kind <kind>', 'with --to: maintenance, initial (default) or threshold')
    .option('--threshold <n>', 'with --to: equity of at least so many quote units')
    .option('--nonce <n>', 'with --to: the verifier’s number for this question', '0')
    .option('--requester <address>', 'with --to: on whose behalf it asks (default: its own)')
    .option('--life <time>', 'with --to: how long the answer is good', '30m');
  const checking = base('verify', 'Anyone: check a proof against facts of your own')
    .requiredOption('--proof <file>', 'epoch.proof.json or margin.proof.json')
    .option('--question <file>', 'for a margin proof: the question that you asked')
    .option('--root <number>', 'for a margin proof: the chunk root that the chain holds')
    .option('--now <seconds>', 'chain time (default: the clock)')
    .option('--member <file>', 'for an epoch: also check that you are in it');
  const where = '--facts facts.json --keys keys --size 4';
  const all = group('prove', 'Proofs about a confidential pool', [
    `holdfast prove solvency ${where} --book book.json --work work --out epoch.proof.json`,
    `holdfast prove verify ${where} --proof epoch.proof.json`,
  ]);
  all.addCommand(
    finish(whole, [
      `holdfast prove solvency ${where} --book book.json --work work --out epoch.proof.json`,
      'holdfast prove solvency',
    ]).action((options) =>
      perform(options, async (s) => {
        if (options.facts === undefined) return (await chainProofs()).publish(s, options);
        return solvency(s, given(options, ['keys', 'size', 'book', 'work', 'out']));
      }),
    ),
  );
  all.addCommand(
    finish(single, [
      `holdfast prove margin ${where} --member member.json --question question.json --out m.json`,
      'holdfast prove margin --to 0x… --out margin.proof.json',
    ]).action((options) =>
      perform(options, async (s) => {
        if (options.to === undefined) {
          return margin(s, given(options, ['facts', 'keys', 'size', 'member', 'question', 'out']));
        }
        return (await chainProofs()).marginTo(s, given(options, ['out']));
      }),
    ),
  );
  all.addCommand(
    finish(checking, [
      `holdfast prove verify ${where} --proof epoch.proof.json --member member.json`,
      `holdfast prove verify ${where} --proof m.json --question question.json --root 0x…`,
    ]).action((options) =>
      perform(options, () =>
        options.question === undefined
          ? verifyEpoch(options)
          : verifyMargin(options, options.question),
      ),
    ),
  );
  all.addCommand(pageCommand(perform));
  return all;
}
