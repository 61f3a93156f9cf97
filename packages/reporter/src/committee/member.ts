/** A reporter as a party of the oracle's committee: its part of the key, and what it signs. */
import type { CommitteeView, Logger } from '@holdfast/host';
import {
  awaitKey,
  committeeIds,
  type Founded,
  foundCommittee,
  invitedWith,
  leadSignature,
  openParty,
  partyPaths,
  passphraseFrom,
  type RunningParty,
  runParty,
  type Signed,
  type Told,
} from '@holdfast/party';
import {
  type CommitteeTiming,
  defaultTiming,
  type Generation,
  indexOf,
  type PartyKey,
} from '@holdfast/quorum';
import type { Hex, Rejection } from '@holdfast/units';
import { type ProposalJudge, reportPurpose } from './proposal.ts';

/** Patience with a signer is a part of a round; with a ceremony on a busy machine it is more. */
const timing: CommitteeTiming = {
  ...defaultTiming,
  phaseMs: 20_000,
  answerMs: 800,
  requestMs: 1_500,
};

/** Refusals that no leader causes who tells the truth. */
const lies = new Set(['MedianWrong', 'SignatureWrong', 'SignerUnknown', 'SignersUnordered']);

/** A leader gathers nonces anew when it has fewer of anyone. */
const noncesMin = 4;

export interface MemberOptions {
  /** The party's folder. */
  dir: string;
  logger: Logger;
  /** Where the parties' messages are passed on, `ws://…`; that of the founding unless told. */
  relay?: string | undefined;
  /** Our node of the chain, once it is known. */
  rpcUrl?: (() => string | undefined) | undefined;
  /** Where the passphrase is; beside the party unless told. */
  passphraseFile?: string | undefined;
  /** Believes the roster of its founding; true unless told. */
  trustRoster?: boolean | undefined;
  /** How patient it is, where that is not what a venue wants. */
  patience?: Partial<CommitteeTiming> | undefined;
  /** A first key is to be made, and every party is to hold a part of it. */
  founding?: boolean | undefined;
}

export interface Member {
  readonly name: string;
  /** From 1; 0 while there is no roster. */
  number(): number;
  generation(): Generation | undefined;
  /** Whether the parties' relay knows us. */
  isConnected(): boolean;
  nameOf(number: number): string;
  /** Group key, 33 bytes; undefined while there is none. */
  key(): Hex | undefined;
  /** The registry as our node sees it. */
  view(): CommitteeView | undefined;
  /** Signs reports from now on, as this judges them. */
  open(judge: ProposalJudge): void;
  /** Tells our operator that a party led and brought nothing. */
  accuse(number: number, detail: string): void;
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
  /** Lives through the founding. @throws EnvironmentError CeremonyFailed */
  found(progress: (line: string) => void): Promise<Founded & Record<string, unknown>>;
  close(): Promise<void>;
}

/** Nonces in advance make a signature one round; they are gathered when they run short. */
async function refill(party: RunningParty): Promise<void> {
  const { coordinator } = party.committee();
  if (coordinator === undefined) return;
  const holders = Object.keys(coordinator.keys.holders).map(Number);
  const isShort = holders.some((index) => (coordinator.pool.get(index)?.length ?? 0) < noncesMin);
  if (isShort) await party.prepare();
}

/** Starts the party in its folder. @throws EnvironmentError as `openParty` and `runParty` do */
export async function startMember(options: MemberOptions): Promise<Member> {
  const { dir, logger, relay, rpcUrl, founding = false, trustRoster = true, patience } = options;
  const { passphraseFile: file = partyPaths(dir).passphrase } = options;
  const vault = await openParty(dir, await passphraseFrom({ file }));
  let proposals: ProposalJudge | undefined;

  const generation = (): Generation | undefined => party.committee().records.active;

  function accuse(no: Rejection, leader: PartyKey): void {
    if (lies.has(no.code)) party.accuse(leader, 'ProposalWrong', 'propose', no.message);
  }

  const party = await runParty({
    dir,
    vault,
    logger,
    purposes: [reportPurpose(() => proposals, accuse)],
    trustRoster,
    relay,
    rpcUrl,
    holdersMin: founding ? invitedWith(dir).length : undefined,
    timing: { ...timing, ...patience },
  });
  return {
    name: party.name,
    generation,
    isConnected: () => party.status().isConnected,
    number() {
      const roster = generation()?.roster;
      return roster === undefined ? 0 : indexOf(roster, party.key);
    },
    nameOf: (number) => generation()?.roster.parties[number - 1]?.name ?? `${number}`,
    key: () => generation()?.certificate.groupKey,
    view: () => party.sight().view,
    open(judge) {
      proposals = judge;
    },
    accuse(number, detail) {
      const found = generation()?.roster.parties[number - 1];
      if (found !== undefined) party.accuse(found.key, 'Abandoned', 'lead', detail);
    },
    async lead(message, among) {
      const signed = await leadSignature(party, message, among);
      await refill(party);
      return signed;
    },
    keyMade: (msMax, told) => awaitKey(party, told, msMax),
    found: (progress) => foundCommittee(party, { dir, id: committeeIds.oracle, progress }),
    close: () => party.close(),
  };
}
