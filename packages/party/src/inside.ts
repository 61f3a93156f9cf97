/** What a running party is, to those who use it and to the files of this package. */
import type { CommitteeWatch, JsonRoutes, Logger } from '@holdfast/host';
import type {
  BlameKind,
  Committee,
  CommitteeTiming,
  Event,
  PartyKey,
  Roster,
  Step,
} from '@holdfast/quorum';
import type { Hex, Rejection } from '@holdfast/units';
import type { Enrolment } from './enrolment.ts';
import type { RegistrySight } from './handover.ts';
import type { Link } from './link.ts';
import type { Purpose, Reading } from './purpose.ts';
import type { Vault } from './vault.ts';
import type { Wire } from './wire.ts';

/** Which messages a party signs. */
export type Policy =
  /** Only those that its own operator allowed, word for word. */
  | 'listed'
  /** Whatever a member asks for: for committees whose parties judge elsewhere. */
  | 'open';

export type PartyOptions = {
  readonly dir: string;
  readonly vault: Vault;
  readonly logger: Logger;
  readonly policy?: Policy | undefined;
  /** What the committee signs beside statements to the registry, each judged by its kind. */
  readonly purposes?: readonly Purpose[] | undefined;
  /** This party's own node of the chain; undefined: none, or not known yet. */
  readonly rpcUrl?: (() => string | undefined) | undefined;
  /** Fewest holders of a first key; the threshold unless told. */
  readonly holdersMin?: number | undefined;
  /** Believes the roster that comes of the enrolment, without a person who compares it. */
  readonly trustRoster?: boolean | undefined;
  readonly relay?: string | undefined;
  readonly timing?: CommitteeTiming | undefined;
  /** What else the operator may ask over the party's socket. */
  readonly routes?: JsonRoutes | undefined;
};

/** A running party. */
export type RunningParty = {
  readonly key: PartyKey;
  readonly name: string;
  committee(): Committee;
  status(): PartyStatus;
  /** Roster that waits for the operator's word. */
  proposed(): Roster | undefined;
  accept(hash: Hex): Promise<Rejection | undefined>;
  /** Lets this party sign one message, for an hour. @returns why it never would, if so */
  allow(message: Uint8Array): Rejection | undefined;
  /** The message as this party reads it; undefined when it is of no purpose. */
  read(message: Uint8Array): Reading | Rejection | undefined;
  /** What a statement to the registry is held against. */
  sight(): Omit<RegistrySight, 'isAllowed'>;
  /** @returns the signature (65 bytes: R, z), or why there is none */
  sign(message: Uint8Array): Promise<Hex | Rejection>;
  /** Gathers nonces in advance. */
  prepare(): Promise<void>;
  /** Runs one step of the committee in its turn. */
  work(
    step: (committee: Committee, now: number) => Step | Rejection,
  ): Promise<Rejection | undefined>;
  onEvent(listener: (event: Event) => void): () => void;
  /** Names a party to our operator, for what the program has seen of it. */
  accuse(party: PartyKey, kind: BlameKind, where: string, detail: string): void;
  close(): Promise<void>;
};

export type PartyStatus = {
  readonly name: string;
  readonly key: PartyKey;
  readonly state: 'enrolling' | 'comparing' | 'making a key' | 'idle' | 'dealing anew';
  readonly isConnected: boolean;
  readonly missing: readonly string[];
  readonly roster?: {
    readonly hash: Hex;
    readonly fingerprint: string;
    readonly parties: string[];
  };
  readonly gen: number;
  readonly groupKey?: Hex;
  readonly threshold?: number;
  readonly holders: readonly string[];
  readonly isHolder: boolean;
  readonly attempt?: { readonly number: number; readonly phase: string };
  /** The registry as this party's node sees it; absent without one. */
  readonly registry?: { readonly generation: number; readonly key: Hex | null };
  readonly blames: readonly string[];
  readonly waiting: readonly string[];
};

/** The mutable middle of a party; `routes.ts` and this file share it. */
export type Inside = {
  readonly options: PartyOptions;
  readonly name: string;
  readonly committee: Committee;
  readonly link: Link;
  readonly wire: Wire;
  readonly allowed: Map<Hex, number>;
  readonly listeners: Set<(event: Event) => void>;
  readonly blames: string[];
  readonly waiting: Set<string>;
  readonly purposes: readonly Purpose[];
  registry: CommitteeWatch | undefined;
  queue: Promise<void>;
  enrolment: Enrolment | undefined;
  proposed: Roster | undefined;
};

function rostersOf(committee: Committee): Roster[] {
  const { roster, active, pending } = committee.records;
  const all = [
    active?.roster,
    roster,
    committee.goal?.roster,
    committee.attempt?.plan.roster,
    ...pending.map((each) => each.roster),
  ];
  return all.filter((each) => each !== undefined);
}

/** A party of any roster that is in use. */
export function partyOf(committee: Committee, key: PartyKey) {
  for (const roster of rostersOf(committee)) {
    const found = roster.parties.find((party) => party.key === key);
    if (found !== undefined) return found;
  }
  return undefined;
}
