/**
 * Accounts that belong together, by what the chain shows: one owner; money from or to one address;
 * opened in one block with the same first deposit and then on the same side of a market in one
 * block. What links more than `fanMax` owners is a custodian, and links nobody.
 */
import type { BlockView, VenueState } from '../../rule.ts';
import { isUser } from './value.ts';

export interface Clusters {
  readonly fanMax: number;
  /** Whether the accounts that were there at the beginning are in. */
  readonly begun: boolean;
  /** The first account of the cluster of each account that is not alone. */
  readonly rootOf: ReadonlyMap<number, number>;
  readonly members: ReadonlyMap<number, readonly number[]>;
  /** What links: an address with its use, or an opening; and the accounts that it has linked. */
  readonly links: ReadonlyMap<string, readonly number[]>;
  /** Block in which an account was opened, until its first deposit. */
  readonly opened: ReadonlyMap<number, number>;
  /** Opening of each account whose first position is still to come. */
  readonly waiting: ReadonlyMap<number, string>;
}

const beginnings = new Map<number, Clusters>();

/** Before any block. */
export function clusters(fanMax: number): Clusters {
  const none = new Map();
  const made = beginnings.get(fanMax) ?? {
    fanMax,
    begun: false,
    rootOf: none,
    members: none,
    links: none,
    opened: none,
    waiting: none,
  };
  beginnings.set(fanMax, made);
  return made;
}

/** The first account of an account's cluster; itself when it is alone. */
export const rootOf = (c: Pick<Clusters, 'rootOf'>, account: number): number =>
  c.rootOf.get(account) ?? account;

/** Accounts of a cluster, ascending. */
export const membersOf = (
  c: Pick<Clusters, 'rootOf' | 'members'>,
  account: number,
): readonly number[] => c.members.get(rootOf(c, account)) ?? [account];

type Tables = Pick<Clusters, 'rootOf' | 'members' | 'links' | 'opened' | 'waiting'>;
type Open = {
  [K in keyof Tables]: Tables[K] extends ReadonlyMap<infer A, infer B> ? Map<A, B> : never;
};

/** Clusters while a block changes them: a table is copied before its first change. */
interface Draft {
  readonly now: { -readonly [K in keyof Clusters]: Clusters[K] };
  readonly copied: Set<keyof Tables>;
}

function open<K extends keyof Tables>({ now, copied }: Draft, name: K): Open[K] {
  if (!copied.has(name)) {
    copied.add(name);
    now[name] = new Map(now[name] as ReadonlyMap<never, never>) as never;
  }
  return now[name] as unknown as Open[K];
}

function join(draft: Draft, a: number, b: number): void {
  const { now } = draft;
  const [first, second] = [rootOf(now, a), rootOf(now, b)].sort((x, y) => x - y) as [
    number,
    number,
  ];
  if (first === second) return;
  const all = [...membersOf(now, first), ...membersOf(now, second)].sort((x, y) => x - y);
  for (const account of all) open(draft, 'rootOf').set(account, first);
  open(draft, 'members').delete(second);
  open(draft, 'members').set(first, all);
}

/** Puts all together anew, by the links that are left. */
function rejoin(draft: Draft): void {
  open(draft, 'rootOf').clear();
  open(draft, 'members').clear();
  for (const all of draft.now.links.values()) {
    if (all.length > draft.now.fanMax) continue;
    for (const account of all.slice(1)) join(draft, all[0] as number, account);
  }
}

/** Links an account by a name. One that links too many is a custodian and links nobody any more. */
function link(draft: Draft, name: string, account: number): void {
  const { now } = draft;
  const known = now.links.get(name) ?? [];
  if (known.includes(account) || known.length > now.fanMax) return;
  open(draft, 'links').set(name, [...known, account]);
  const first = known[0];
  if (first === undefined) return;
  if (known.length < now.fanMax) join(draft, first, account);
  else rejoin(draft);
}

/** All accounts that are there already, by their owners alone: older money is not known. */
function seeded(c: Clusters, state: VenueState): Clusters {
  const links = new Map<string, number[]>();
  for (const { account, owner } of state.accounts.values()) {
    if (!isUser(account)) continue;
    const own = links.get(`owner ${owner}`);
    if (own === undefined) links.set(`owner ${owner}`, [account]);
    else own.push(account);
  }
  const rootOf = new Map<number, number>();
  const members = new Map<number, readonly number[]>();
  for (const all of links.values()) {
    const first = all[0] as number;
    if (all.length < 2 || all.length > c.fanMax) continue;
    for (const account of all) rootOf.set(account, first);
    members.set(first, all);
  }
  return { ...c, begun: true, links, rootOf, members };
}

function onOpening(draft: Draft, view: BlockView, account: number, amount: bigint): void {
  const block = draft.now.opened.get(account);
  if (block === undefined) return;
  open(draft, 'opened').delete(account);
  if (view.number - block > 1) return;
  open(draft, 'waiting').set(account, `${block}:${amount}`);
}

/** First positions: accounts of one opening that take the same side in one block are one. */
function onFirstPositions(draft: Draft, view: BlockView): void {
  for (const id of view.touched) {
    const opening = draft.now.waiting.get(id);
    const positions = view.state.accounts.get(id)?.positions;
    if (opening === undefined || positions === undefined || positions.size === 0) continue;
    const [market, size] = [...positions][0] as [number, number];
    open(draft, 'waiting').delete(id);
    link(draft, `opening ${opening} ${view.number} ${market} ${size > 0}`, id);
  }
}

const lower = (value: unknown): string => String(value).toLowerCase();

function after(c: Clusters, view: BlockView): Clusters {
  const draft: Draft = {
    now: { ...(c.begun ? c : seeded(c, view.previous ?? view.state)) },
    copied: new Set(),
  };
  for (const { source, name, args } of view.events) {
    if (source !== 'clearingHouse') continue;
    const account = Number(args.account);
    if (name === 'AccountOpened') {
      link(draft, `owner ${lower(args.owner)}`, account);
      open(draft, 'opened').set(account, view.number);
    } else if (name === 'Deposited' && isUser(account)) {
      link(draft, `owner ${lower(args.from)}`, account);
      onOpening(draft, view, account, args.quote as bigint);
    } else if (name === 'Withdrawn' && isUser(account)) {
      link(draft, `owner ${lower(args.to)}`, account);
    } else if (name === 'Transferred') {
      const [from, to] = [Number(args.from), Number(args.to)];
      link(draft, `transfer ${from} ${to}`, from);
      link(draft, `transfer ${from} ${to}`, to);
    }
  }
  if (draft.now.waiting.size > 0) onFirstPositions(draft, view);
  return draft.copied.size === 0 && c.begun ? c : draft.now;
}

/** Several rules follow the same clusters: the work of a block is done once. */
const followed = new WeakMap<Clusters, readonly [view: BlockView, next: Clusters]>();

/** The clusters after a block; changes nothing that it is given. */
export function follow(c: Clusters, view: BlockView): Clusters {
  const known = followed.get(c);
  if (known !== undefined && known[0] === view) return known[1];
  const next = after(c, view);
  followed.set(c, [view, next]);
  return next;
}

/** Rows of a cluster's accounts. */
export function rowsOf(c: Clusters, state: VenueState, account: number) {
  return membersOf(c, account).flatMap((id) => state.accounts.get(id) ?? []);
}
