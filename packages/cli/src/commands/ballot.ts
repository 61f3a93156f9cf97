/** governance sign and bring: a vote by signature, with the time until which it may be brought. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Ballot, ballots, readBallot, signBallot, writeBallot } from '@holdfast/sdk';
import { isRejection, reject } from '@holdfast/units';
import { Command } from 'commander';
import { Refused, UsageError } from '../failure.ts';
import { clockTime, pairs, type Result } from '../io.ts';
import { parseDuration, parseWhole } from '../parse.ts';
import { agreed, type Session } from '../session.ts';
import type { Floor } from './governance.ts';
import { finish, type Perform } from './shared.ts';

/** Opens what a command about votes works with. */
type Open = (s: Session, how: 'sign' | 'read') => Promise<Floor>;
type SignOptions = { readonly out: string; readonly expires?: string };

/** A vote in one of three words. @throws UsageError */
export function ballotOf(text: string): Ballot {
  if (Object.hasOwn(ballots, text)) return text as Ballot;
  throw new UsageError(`a vote is for, against or abstain, not "${text}"`);
}

async function sign(
  open: Open,
  s: Session,
  number: number,
  ballot: Ballot,
  options: SignOptions,
): Promise<Result> {
  const { votes, venue, reader } = await open(s, 'read');
  const signer = await s.signer();
  const { proposal, governor, nonce } = agreed(await votes.ballotBox(number, signer.address));
  const { timestamp } = await reader.getBlock();
  const life = options.expires === undefined ? undefined : parseDuration(options.expires);
  // The contract counts none that outlasts its vote.
  const end = life === undefined ? proposal.deadline : Number(timestamp) + life;
  const until = Math.min(end, proposal.deadline);
  if (until < Number(timestamp)) {
    throw new Refused(
      reject('VoteOver', `votes on proposal ${number} were taken until ${clockTime(until)}`),
    );
  }
  const place = { chainId: venue.chainId, governor };
  const wish = { proposalId: proposal.id, ballot, voter: signer.address, nonce, until };
  const text = writeBallot(await signBallot(signer, place, wish));
  writeFileSync(resolve(s.io.cwd, options.out), text, { mode: 0o600 });
  return {
    data: JSON.parse(text),
    text: pairs([
      ['proposal', `${number}: ${proposal.why}`],
      ['vote', ballot],
      ['of', signer.address],
      ['worth nothing after', `${clockTime(until)} (chain’s time)`],
      ['written to', options.out],
    ]),
    next: `holdfast governance bring ${options.out}   by anyone, before that`,
  };
}

async function bring(open: Open, s: Session, path: string): Promise<Result> {
  let text: string;
  try {
    text = readFileSync(resolve(s.io.cwd, path), 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
  const ballot = readBallot(text);
  if (isRejection(ballot)) throw new UsageError(`${path}: ${ballot.message}`);
  const { votes } = await open(s, 'sign');
  const done = agreed(await votes.bring(ballot));
  const what = `brought the vote of ${ballot.voter}: ${ballot.ballot}`;
  return { data: { ...done, action: what }, text: `${what}: transaction ${done.tx}` };
}

/** The two commands, for the `governance` group. */
export function ballotCommands(perform: Perform, open: Open): Command[] {
  const signing = new Command('sign')
    .description('Sign a vote into a file that anyone may bring, without gas of your own')
    .argument('<number>', 'of the proposal')
    .argument('<ballot>', 'for, against or abstain')
    .option('--expires <time>', 'how long it may be brought; at most, and by default, the vote')
    .option('--out <file>', 'where the signed vote goes', 'ballot.json');
  const bringing = new Command('bring')
    .description('Anyone: bring a vote that a seat signed, in its time')
    .argument('<file>', 'what governance sign wrote');
  return [
    finish(signing, ['holdfast governance sign 1 for --expires 2h --key seat-2']).action(
      (text, ballot, options) => {
        const number = parseWhole(text, 'proposal', 1e9);
        return perform(options, (s) => sign(open, s, number, ballotOf(ballot), options));
      },
    ),
    finish(bringing, ['holdfast governance bring ballot.json --key keeper']).action(
      (path, options) => perform(options, (s) => bring(open, s, path)),
    ),
  ];
}
