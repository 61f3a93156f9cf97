/** Signed observations by round, until the round is closed. */
import type { SignedObservation } from '@holdfast/oracle';
import { type Rejection, reject } from '@holdfast/units';
import { recoverObserver } from './observe.ts';

export interface GatherOptions {
  /** Addresses that may report now. */
  signers: () => readonly string[];
  separator: Uint8Array;
  /** Open rounds kept per signer while they wait. */
  roundsMax?: number | undefined;
  /** What else stands against an observation, given those of its round. */
  judge(
    observation: SignedObservation,
    others: readonly SignedObservation[],
  ): Rejection | undefined;
}

export interface Gathering {
  /**
   * Takes one observation.
   *
   * @returns all of its round; or why it was refused: SignerUnknown, SignatureWrong,
   * ObservationRepeated, RoundClosed, or what `judge` says
   */
  take(observation: SignedObservation): Promise<SignedObservation[] | Rejection>;
  /** Ends a round and those before it. */
  close(round: number): void;
  /** The last round that was closed. */
  closed(): number;
  /** Observations of a round so far. */
  count(round: number): number;
}

/** Each signer keeps its own few rounds, so that nobody can push out another's words. */
export function createGathering(options: GatherOptions): Gathering {
  const { separator, roundsMax = 8 } = options;
  const rounds = new Map<number, Map<string, SignedObservation>>();
  let closed = 0;

  function judge(observation: SignedObservation): Rejection | undefined {
    const { signer, round } = observation;
    if (!options.signers().some((each) => each.toLowerCase() === signer.toLowerCase())) {
      return reject('SignerUnknown', `${signer} is not a reporter of this venue`);
    }
    if (round <= closed) {
      return reject('RoundClosed', `round ${round} is closed`, {
        found: round,
        required: closed + 1,
      });
    }
    if (rounds.get(round)?.has(signer.toLowerCase()) === true) {
      return reject('ObservationRepeated', `${signer} has already spoken in round ${round}`);
    }
    return undefined;
  }

  function forget(signer: string): void {
    const spoken = [...rounds].filter(([, entries]) => entries.has(signer));
    const rest = spoken.sort(([a], [b]) => a - b).slice(0, Math.max(0, spoken.length - roundsMax));
    for (const [round, entries] of rest) {
      entries.delete(signer);
      if (entries.size === 0) rounds.delete(round);
    }
  }

  return {
    count: (round) => rounds.get(round)?.size ?? 0,
    closed: () => closed,
    close(round) {
      closed = Math.max(closed, round);
      for (const each of rounds.keys()) if (each <= closed) rounds.delete(each);
    },
    async take(observation) {
      const before = judge(observation);
      if (before !== undefined) return before;
      const signer = await recoverObserver(separator, observation);
      if (signer !== observation.signer.toLowerCase()) {
        return reject('SignatureWrong', `the signature is not ${observation.signer}'s`);
      }
      // The world may have moved on while the signature was recovered.
      const after = judge(observation);
      if (after !== undefined) return after;
      const { round } = observation;
      const entries = rounds.get(round) ?? new Map<string, SignedObservation>();
      const no = options.judge(observation, [...entries.values()]);
      if (no !== undefined) return no;
      entries.set(signer, observation);
      rounds.set(round, entries);
      forget(signer);
      return [...entries.values()];
    },
  };
}
