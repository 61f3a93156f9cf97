/** quorum prove, rotate, allow, sign: what a committee says, read before it is signed. */
import { resolve } from 'node:path';
import { readJson, writeJsonAtomic } from '@holdfast/host';
import {
  encodeStatement,
  type Handover,
  type Offer,
  type PartyStatus,
  type Rotation,
  readHandover,
  readOffer,
} from '@holdfast/party';
import { rosterHash } from '@holdfast/quorum';
import { type Hex, type Rejection, toHex } from '@holdfast/units';
import { Command } from 'commander';
import { Refused, UsageError } from '../failure.ts';
import { pairs, type Result } from '../io.ts';
import { parseDuration } from '../parse.ts';
import { agreed, type Session } from '../session.ts';
import { askParty, type DirOptions, finishQuorum, homeOf, rosterText } from './quorum-shared.ts';
import type { Perform } from './shared.ts';

const pathOf = (s: Session, file: string): string => resolve(s.io.cwd, file);

/** A new key with its proof of life, from the file of `quorum prove`. */
export function offerFrom(s: Session, file: string): Offer {
  const path = pathOf(s, file);
  return agreed(readOffer(readJson(path, 'new key')));
}

/** A rotation from the file of `quorum rotate`. */
export function handoverFrom(s: Session, file: string): Handover {
  const path = pathOf(s, file);
  return agreed(readHandover(readJson(path, 'rotation')));
}

async function prove(s: Session, options: DirOptions & { readonly out: string }): Promise<Result> {
  const offer = agreed(readOffer(await askParty<unknown>(homeOf(s, options), '/prove', {})));
  const out = pathOf(s, options.out);
  await writeJsonAtomic(out, offer, 0o644);
  const { generation, groupKey, roster } = offer.life;
  const facts: [string, string][] = [
    ['new key', out],
    ['group key', groupKey],
    ['for generation', `${generation}`],
  ];
  return {
    data: { file: out, groupKey, generation, roster: rosterHash(roster) },
    text: `${pairs(facts)}\n\n${rosterText(roster)}`,
    next:
      `a party of the committee in force runs holdfast quorum rotate ${options.out},\n` +
      `      or the governor holdfast committee replace ${options.out}`,
  };
}

type Review = {
  readonly lines: readonly (readonly [string, string])[];
  readonly digest?: Hex;
  readonly verdict: Rejection | null;
};

async function review(s: Session, options: DirOptions, message: Hex): Promise<Review> {
  const found = await askParty<Review>(homeOf(s, options), '/review', { message });
  if (found.verdict !== null) throw new Refused(found.verdict);
  return found;
}

const messageOfRotation = (rotation: Rotation): Hex => toHex(encodeStatement(rotation));

const shown = ({ lines }: Review, rotation: Rotation): string =>
  `${pairs(lines)}\n\nThe next committee:\n${rosterText(rotation.roster)}`;

type RotateOptions = DirOptions & { readonly valid: string; readonly out: string };

async function rotate(s: Session, file: string, options: RotateOptions): Promise<Result> {
  const offer = offerFrom(s, file);
  const validSeconds = parseDuration(options.valid);
  const dir = homeOf(s, options);
  const rotation = await askParty<Rotation>(dir, '/draft', { offer, validSeconds });
  const out = pathOf(s, options.out);
  const handover: Handover = { version: 1, rotation };
  await writeJsonAtomic(out, handover, 0o644);
  const found = await review(s, options, messageOfRotation(rotation));
  return {
    data: { file: out, digest: found.digest },
    text: shown(found, rotation),
    next:
      `send ${options.out} to the others, who look at it and allow it:\n` +
      `      holdfast quorum allow --rotation ${options.out}\n` +
      `      then have it signed: holdfast quorum sign --rotation ${options.out}`,
  };
}

type MessageOptions = DirOptions & {
  readonly message?: string;
  readonly rotation?: string;
  readonly hash?: string;
};

function onlyOne({ message, rotation }: MessageOptions): void {
  if ((message === undefined) === (rotation === undefined)) {
    throw new UsageError('give one of --message and --rotation');
  }
}

async function allow(s: Session, options: MessageOptions): Promise<Result> {
  onlyOne(options);
  const dir = homeOf(s, options);
  const until = 'may be signed here within the hour';
  if (options.rotation === undefined) {
    const message = toHex(new TextEncoder().encode(options.message));
    await askParty(dir, '/allow', { message });
    return { data: { message }, text: `${message} ${until}` };
  }
  const { rotation } = handoverFrom(s, options.rotation);
  const message = messageOfRotation(rotation);
  const found = await review(s, options, message);
  const digest = found.digest as Hex;
  if (options.hash === undefined) {
    const next =
      'ask the new parties over another way whether roster and group key are theirs; if so:\n' +
      `      holdfast quorum allow --rotation ${options.rotation} --hash ${digest}`;
    return { data: { rotation, digest }, text: shown(found, rotation), next };
  }
  if (options.hash.toLowerCase() !== digest) {
    throw new UsageError(`the digest of this rotation is ${digest}, not ${options.hash}`);
  }
  await askParty(dir, '/allow', { message });
  return { data: { digest }, text: `the rotation ${digest} ${until}` };
}

async function sign(s: Session, options: MessageOptions): Promise<Result> {
  onlyOne(options);
  const dir = homeOf(s, options);
  if (options.rotation === undefined) {
    const message = toHex(new TextEncoder().encode(options.message));
    const { signature } = await askParty<{ signature: Hex }>(dir, '/sign', { message });
    const { groupKey } = await askParty<PartyStatus>(dir, '/status');
    const facts = { message, signature, groupKey: groupKey ?? '' };
    return { data: facts, text: pairs(Object.entries(facts)) };
  }
  const { rotation } = handoverFrom(s, options.rotation);
  const message = messageOfRotation(rotation);
  const { digest } = await review(s, options, message);
  const { signature } = await askParty<{ signature: Hex }>(dir, '/sign', { message });
  const out = pathOf(s, options.rotation);
  const handover: Handover = { version: 1, rotation, signature };
  await writeJsonAtomic(out, handover, 0o644);
  return {
    data: { file: out, digest, signature },
    text: pairs([
      ['signed', out],
      ['signature', signature],
    ]),
    next: `anyone: holdfast committee propose ${options.rotation}`,
  };
}

/** The commands with which a committee signs, and hands over. */
export function rotateCommands(perform: Perform): Command[] {
  const withMessage = (name: string, what: string): Command =>
    new Command(name)
      .description(what)
      .option('--message <text>', 'text; its bytes are signed as they are')
      .option('--rotation <file>', 'rotation.json of quorum rotate');
  const proof = new Command('prove')
    .description('Have a new committee sign that its key lives, for the registry on chain')
    .option('--out <file>', 'where to write it', 'new-key.json');
  const draft = new Command('rotate')
    .description('Draft the hand-over to another key, for the committee in force to sign')
    .argument('<file>', 'new-key.json of quorum prove')
    .option('--valid <time>', 'how long it may be proposed, by the chain, at most 30d', '1d')
    .option('--out <file>', 'where to write the draft', 'rotation.json');
  const consent = withMessage('allow', 'Let this party sign one message, for an hour').option(
    '--hash <digest>',
    'what you have compared; without it the rotation is shown and nothing is allowed',
  );
  return [
    finishQuorum(proof, ['holdfast quorum prove --dir ann/g2 --out new-key.json']).action(
      (options) => perform(options, (s) => prove(s, options)),
    ),
    finishQuorum(draft, [
      'holdfast quorum rotate new-key.json --dir ann',
      'holdfast quorum rotate new-key.json --dir ann --valid 12h --out rotation.json',
    ]).action((file, options) => perform(options, (s) => rotate(s, file, options))),
    finishQuorum(consent, [
      'holdfast quorum allow --dir bob --message "hello"',
      'holdfast quorum allow --dir bob --rotation rotation.json',
      'holdfast quorum allow --dir bob --rotation rotation.json --hash 0x…',
    ]).action((options) => perform(options, (s) => allow(s, options))),
    finishQuorum(withMessage('sign', 'Have the committee sign; this party coordinates'), [
      'holdfast quorum sign --dir ann --message "hello"',
      'holdfast quorum sign --dir ann --rotation rotation.json',
    ]).action((options) => perform(options, (s) => sign(s, options))),
  ];
}
