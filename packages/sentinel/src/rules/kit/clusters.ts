/**
 * Accounts that belong together, by what the chain shows: one owner; money from or to one address;
 * opened in one block with the same first deposit and then on the same side of a market in one
 * block. What links more than `fanMax` owners is a custodian, and links nobody.
 */
import type { BlockView, VenueState } from '../../rule.ts';
import { isUser } from './value.ts';
import { set } from './window.ts';

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

export function clusters(fanMax: number): Clusters {
  const none = new Map();
  return {
    fanMax,
    begun: false,
    rootOf: none,
    members: none,
    links: none,
    opened: none,
    waiting: none,
  };
}

/** The first account of an account's cluster; itself when it is alone. */
export const rootOf = (c: Clusters, account: number): number => c.rootOf.get(account) ?? account;

/** Accounts of a cluster, ascending. */
export const membersOf = (c: Clusters, account: number): readonly number[] =>
  c.members.get(rootOf(c, account)) ?? [account];

function join(c: Clusters, a: number, b: number): Clusters {
  const [first, second] = [rootOf(c, a), rootOf(c, b)].sort((x, y) => x - y) as [number, number];
  if (first === second) return c;
  const all = [...membersOf(c, first), ...membersOf(c, second)].sort((x, y) => x - y);
  const [root, members] = [new Map(c.rootOf), new Map(c.members)];
  for (const account of all) root.set(account, first);
  members.delete(second);
  members.set(first, all);
  return { ...c, rootOf: root, members };
}

/** Links an account by a name; a name that links too many is left as it is. */
function link(c: Clusters, name: string, account: number): Clusters {
  const known = c.links.get(name) ?? [];
  if (known.includes(account) || known.length > c.fanMax) return c;
  const next = { ...c, links: set(c.links, name, [...known, account]) };
  const first = known[0];
  return first === undefined || known.length === c.fanMax ? next : join(next, first, account);
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

function onOpening(c: Clusters, view: BlockView, account: number, amount: bigint): Clusters {
  const block = c.opened.get(account);
  if (block === undefined) return c;
  const opened = set(c.opened, account, undefined);
  if (view.number - block > 1) return { ...c, opened };
  return { ...c, opened, waiting: set(c.waiting, account, `${block}:${amount}`) };
}

/** First positions: accounts of one opening that take the same side in one block are one. */
function onFirstPositions(c: Clusters, view: BlockView): Clusters {
  let next = c;
  for (const id of view.touched) {
    const opening = next.waiting.get(id);
    const positions = view.state.accounts.get(id)?.positions;
    if (opening === undefined || positions === undefined || positions.size === 0) continue;
    const [market, size] = [...positions][0] as [number, number];
    next = { ...next, waiting: set(next.waiting, id, undefined) };
    next = link(next, `opening ${opening} ${view.number} ${market} ${size > 0}`, id);
  }
  return next;
}

const lower = (value: unknown): string => String(value).toLowerCase();

/** The clusters after a block. */
export function follow(c: Clusters, view: BlockView): Clusters {
  let next = c.begun ? c : seeded(c, view.previous ?? view.state);
  for (const { source, name, args } of view.events) {
    if (source !== 'clearingHouse') continue;
    const account = Number(args.account);
    if (name === 'AccountOpened') {
      next = link(next, `owner ${lower(args.owner)}`, account);
      next = { ...next, opened: set(next.opened, account, view.number) };
    } else if (name === 'Deposited' && isUser(account)) {
      next = link(next, `owner ${lower(args.from)}`, account);
      next = onOpening(next, view, account, args.quote as bigint);
    } else if (name === 'Withdrawn' && isUser(account)) {
      next = link(next, `owner ${lower(args.to)}`, account);
    } else if (name === 'Transferred') {
      next = join(next, Number(args.from), Number(args.to));
    }
  }
  return next.waiting.size === 0 ? next : onFirstPositions(next, view);
}

/** Rows of a cluster's accounts. */
export function rowsOf(c: Clusters, state: VenueState, account: number) {
  return membersOf(c, account).flatMap((id) => state.accounts.get(id) ?? []);
}
