/** A reporter as a party of the oracle's committee: its part of the key, and what it signs. */
import type { Logger, Venue } from '@holdfast/host';
import {
  openParty,
  partyPaths,
  passphraseFrom,
  type RunningParty,
  readParty,
  runParty,
} from '@holdfast/party';
import {
  type CommitteeTiming,
  defaultTiming,
  type Event,
  type Generation,
  indexOf,
  nameOf,
  type PartyKey,
  sign,
} from '@holdfast/quorum';
import { EnvironmentError, equalBytes, type Hex, type Rejection, reject } from '@holdfast/units';
import { lifeDigest } from './life.ts';
import { createProposalJudge, type ProposalJudge } from './proposal.ts';

/** Patience with a signer is a part of a round; with a ceremony on a busy machine it is more. */
const timing: CommitteeTiming = {
  ...defaultTiming,
  phaseMs: 20_000,
  answerMs: 800,
  requestMs: 1_500,
};

/** A leader gathers nonces anew when it has fewer of anyone. */
const noncesMin = 4;

export interface MemberOptions {
  /** The party's folder. */
  dir: string;
  logger: Logger;
  /** Where the parties' messages are passed on, `ws://…`; that of the founding unless told. */
  relay?: string | undefined;
  /** How patient it is, where that is not what a venue wants. */
  patience?: Partial<CommitteeTiming> | undefined;
  /** A first key is to be made, and every party is to hold a part of it. */
  founding?: boolean | undefined;
}

/** A signature and who made it, by number. */
export interface Signed {
  signature: Hex;
  signers: readonly number[];
}

/** Hears each step of a ceremony and each failure, for a person. */
export type Told = (line: string, isFailure: boolean) => void;

export interface Member {
  readonly name: string;
  /** From 1; 0 while there is no roster. */
  number(): number;
  /** Whether it speaks for the founding of the committee: the first of those invited. */
  isFirst(): boolean;
  generation(): Generation | undefined;
  /** Whether the parties' relay knows us. */
  isConnected(): boolean;
  nameOf(number: number): string;
  /** Signs the venue's reports from now on. */
  open(venue: Venue): ProposalJudge;
  /**
   * Leads a signature.
   * @param among numbers of the parties that may be asked
   */
  lead(message: Uint8Array, among?: readonly number[]): Promise<Signed | Rejection>;
  /**
   * Waits for the committee's key.
   * @throws EnvironmentError CeremonyFailed, naming who is missing
   */
  keyMade(msMax: number, told: Told): Promise<Generation>;
  close(): Promise<void>;
}

/** What a person is told of a ceremony; undefined for what is no news. */
function lineOf(event: Event): string | undefined {
  if (event.type === 'blame') {
    const { kind, where, detail } = event.blame;
    return `${event.name}: ${kind} in ${where}${detail === '' ? '' : `, ${detail}`}`;
  }
  if (event.type === 'phase') return `attempt ${event.attempt}: ${event.phase}`;
  if (event.type === 'failed') return `attempt ${event.attempt} failed: ${event.why}`;
  if (event.type === 'stalled') return event.reason.message;
  return undefined;
}

/** Who keeps a ceremony waiting, for a person. */
function whatIsMissing(party: RunningParty): string {
  const { missing, blames, state, isConnected } = party.status();
  if (!isConnected) return 'the relay of the parties does not answer';
  if (missing.length > 0) return `not here yet: ${missing.join(', ')}`;
  return `${state}; ${blames.at(-1) ?? 'nobody was named'}`;
}

function awaitKey(party: RunningParty, msMax: number, told: Told): Promise<Generation> {
  return new Promise((resolve, fail) => {
    const look = (): void => {
      const { active } = party.committee().records;
      if (active !== undefined) end(() => resolve(active));
    };
    const off = party.onEvent((event) => {
      const line = lineOf(event);
      if (line !== undefined) told(line, event.type !== 'phase');
    });
    const poll = setInterval(look, 50);
    const late = setTimeout(() => {
      const cure = 'see its log, then start again: nothing depends on this committee yet';
      const message = `no key of the committee after ${msMax / 1000} s: ${whatIsMissing(party)}`;
      end(() => fail(new EnvironmentError('CeremonyFailed', `${message}; ${cure}`)));
    }, msMax);
    function end(tell: () => void): void {
      off();
      clearInterval(poll);
      clearTimeout(late);
      tell();
    }
    look();
  });
}

/** Runs one signature of ours to its end. */
function leadOne(
  party: RunningParty,
  message: Uint8Array,
  among: readonly number[] | undefined,
): Promise<Signed | Rejection> {
  return new Promise((resolve, fail) => {
    let sid: Hex | undefined;
    const off = party.onEvent((event) => {
      if ((event.type !== 'signed' && event.type !== 'unsigned') || event.sid !== sid) return;
      off();
      const { type } = event;
      resolve(
        type === 'signed' ? { signature: event.signature, signers: event.signers } : event.reason,
      );
    });
    party
      .work((committee, now) => {
        const step = sign(committee, message, now, among);
        sid = step.sid;
        return sid === undefined ? reject('KeyMissing', 'the committee has no key yet') : step;
      })
      .then((no) => {
        if (no === undefined) return;
        off();
        resolve(no);
      }, fail);
  });
}

/** Nonces in advance make a signature one round; they are gathered when they run short. */
async function refill(party: RunningParty): Promise<void> {
  const { coordinator } = party.committee();
  if (coordinator === undefined) return;
  const holders = Object.keys(coordinator.keys.holders).map(Number);
  const isShort = holders.some((index) => (coordinator.pool.get(index)?.length ?? 0) < noncesMin);
  if (isShort) await party.prepare();
}

/** Names of those who were invited to found the committee. */
function partiesOf(dir: string): string[] {
  const { founding } = readParty(dir);
  return (founding as Invited | undefined)?.parties.map(({ name }) => name) ?? [];
}

type Invited = { readonly parties: readonly { readonly name: string }[] };

/** Starts the party in its folder. @throws EnvironmentError as `openParty` and `runParty` do */
export async function startMember(options: MemberOptions): Promise<Member> {
  const { dir, logger, relay, founding = false, patience } = options;
  const vault = await openParty(dir, await passphraseFrom({ file: partyPaths(dir).passphrase }));
  let proposals: ProposalJudge | undefined;

  const generation = (): Generation | undefined => party.committee().records.active;

  function judgeMessage(message: Uint8Array): Rejection | undefined {
    if (message.length !== 32) {
      return (
        proposals?.judge(message) ?? (proposals ? undefined : reject('VenueClosed', 'no venue'))
      );
    }
    const active = generation();
    if (active !== undefined && equalBytes(message, lifeDigest(active))) return undefined;
    return reject('MessageUnapproved', 'it is no report and not our proof of life');
  }

  function judge(message: Uint8Array, leader: PartyKey): Rejection | undefined {
    const no = judgeMessage(message);
    const roster = generation()?.roster;
    if (no !== undefined) {
      const name = roster === undefined ? leader : nameOf(roster, leader);
      logger.warn({ leader: name, code: no.code, reason: no.message }, 'a proposal was refused');
    }
    return no;
  }

  const digest = (message: Uint8Array): Uint8Array => proposals?.digest(message) ?? message;
  const party = await runParty({
    dir,
    vault,
    logger,
    judge,
    digest,
    trustRoster: true,
    relay,
    holdersMin: founding ? partiesOf(dir).length : undefined,
    timing: { ...timing, ...patience },
  });
  return {
    name: party.name,
    generation,
    isConnected: () => party.status().isConnected,
    isFirst: () => partiesOf(dir)[0] === party.name,
    number() {
      const roster = generation()?.roster;
      return roster === undefined ? 0 : indexOf(roster, party.key);
    },
    nameOf: (number) => generation()?.roster.parties[number - 1]?.name ?? `${number}`,
    open(venue) {
      proposals = createProposalJudge(venue);
      return proposals;
    },
    async lead(message, among) {
      const signed = await leadOne(party, message, among);
      await refill(party);
      return signed;
    },
    keyMade: (msMax, told) => awaitKey(party, msMax, told),
    close: () => party.close(),
  };
}
