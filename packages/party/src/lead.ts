/** What a program does with a party: waits for its key, has it sign, proves that it lives. */
import { type Event, type Generation, sign } from '@holdfast/quorum';
import { EnvironmentError, type Hex, isRejection, type Rejection, reject } from '@holdfast/units';
import { readParty } from './folder.ts';
import { lifeOf } from './handover.ts';
import type { RunningParty } from './inside.ts';
import { committeeIdOf, encodeStatement } from './statement.ts';

/** Longest ceremony, all processes started, wall ms. */
const ceremonyMsMax = 150_000;

/** A signature and who made it, by number. */
export interface Signed {
  signature: Hex;
  signers: readonly number[];
}

/** Hears each step of a ceremony and each failure, for a person. */
export type Told = (line: string, isFailure: boolean) => void;

/** What a party tells of the committee that it helped to found. */
export type Founded = {
  readonly groupKey: string;
  readonly roster: string;
  readonly threshold: number;
  readonly size: number;
  readonly holders: number;
  /** Proof of life for the registry, 65 bytes; of the first party alone. */
  readonly life?: string;
};

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

/**
 * Waits for the committee's key.
 * @throws EnvironmentError CeremonyFailed, naming who is missing
 */
export function awaitKey(party: RunningParty, told: Told, msMax: number): Promise<Generation> {
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

/**
 * Leads one signature to its end.
 * @param among numbers of the parties that may be asked; everybody unless told
 */
export function leadSignature(
  party: Pick<RunningParty, 'onEvent' | 'work'>,
  message: Uint8Array,
  among?: readonly number[],
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

type Invited = { readonly parties: readonly { readonly name: string }[] };

/** Names of those who were invited to found the committee, in order; none after a join. */
export function invitedWith(dir: string): string[] {
  const { founding } = readParty(dir);
  return (founding as Invited | undefined)?.parties.map(({ name }) => name) ?? [];
}

/** Whether a party speaks for the founding of its committee: the first of those invited. */
export const isFirst = (party: Pick<RunningParty, 'name'>, dir: string): boolean =>
  invitedWith(dir)[0] === party.name;

const foreign = (name: string): Rejection =>
  reject('RosterForeign', `the roster is that of a committee "${name}"`);

/**
 * Lives through the founding of a committee: waits for the key; the first party then asks for the
 * proof that it lives.
 *
 * @param id the committee's number in the registry
 * @throws EnvironmentError CeremonyFailed
 */
export async function foundCommittee(
  party: RunningParty,
  { dir, id, progress }: { dir: string; id: number; progress: (line: string) => void },
): Promise<Founded & Record<string, unknown>> {
  const told: Told = (line, isFailure) => {
    if (isFailure || isFirst(party, dir)) progress(line);
  };
  const generation = await awaitKey(party, told, ceremonyMsMax);
  const { certificate, roster } = generation;
  const founded: Founded = {
    groupKey: certificate.groupKey,
    roster: certificate.roster,
    threshold: certificate.threshold,
    size: roster.parties.length,
    holders: certificate.holders.length,
  };
  if (!isFirst(party, dir)) return founded;
  const said = committeeIdOf(roster) === id ? lifeOf(party.sight()) : foreign(roster.name);
  const life = isRejection(said) ? said : await leadSignature(party, encodeStatement(said));
  if (isRejection(life)) {
    const message = `the committee made a key and did not sign with it: ${life.message}`;
    throw new EnvironmentError('CeremonyFailed', message, { retry: true });
  }
  return { ...founded, life: life.signature };
}
