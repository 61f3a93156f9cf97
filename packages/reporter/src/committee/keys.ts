/**
 * The keys of which a reporter holds a part: the one in force and those that may come after it. The
 * registry on chain says which is in force; reports are signed with that one and no other.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type CommitteeView, errorMessage } from '@holdfast/host';
import { partyPaths } from '@holdfast/party';
import { type Member, type MemberOptions, startMember } from './member.ts';
import type { ProposalJudge } from './proposal.ts';

/** Folders of later keys inside the party's own: g2, g3, … */
const laterFolder = /^g(\d{1,4})$/;
const scanMs = 1000;
/** A key that was followed is kept as long, wall ms: the chain may still be reorganised. */
const retireMs = 60_000;

export interface Keys {
  /** Our party of the key in force; undefined when we hold no part of it. */
  inForce(): Member | undefined;
  /** Signs reports from now on, as this judges them, with whatever key is in force. */
  open(judge: ProposalJudge): void;
  close(): Promise<void>;
}

type Held = { readonly dir: string; readonly member: Member };

/** Folders of parties, oldest key first. */
function foldersOf(dir: string): string[] {
  const later = readdirSync(dir)
    .filter((name) => laterFolder.test(name) && existsSync(partyPaths(join(dir, name)).party))
    .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  return [dir, ...later.map((name) => join(dir, name))];
}

/** A later key's passphrase is its own, or that of the party whose it is. */
function passphraseFileOf(home: string, dir: string): string {
  const { passphrase } = partyPaths(dir);
  return existsSync(passphrase) ? passphrase : partyPaths(home).passphrase;
}

/** The newest look at the registry of all that our parties have taken. */
function newest(held: readonly Held[]): CommitteeView | undefined {
  const views = held.map(({ member }) => member.view()).filter((each) => each !== undefined);
  return views.sort((a, b) => b.atMs - a.atMs)[0];
}

/**
 * Picks the party whose key is in force. Without a look at the chain it is the oldest: nobody
 * changes a key while the chain cannot be seen.
 */
export function pickInForce<M extends Pick<Member, 'key'>>(
  members: readonly M[],
  view: Pick<CommitteeView, 'key'> | undefined,
): M | undefined {
  if (view === undefined) return members.find((member) => member.key() !== undefined);
  return members.find((member) => view.key !== undefined && member.key() === view.key);
}

/** Keeps a party for the folder's own key, and starts one for each later key that is put there. */
export function followKeys(first: Member, options: MemberOptions, everyMs = scanMs): Keys {
  const { dir: home, logger } = options;
  const held: Held[] = [{ dir: home, member: first }];
  /** Folders of keys that were followed. */
  const closed = new Set<string>();
  const told = new Set<string>();
  let judge: ProposalJudge | undefined;
  let since: { member: Member; atMs: number } | undefined;
  let isOver = false;

  async function begin(dir: string): Promise<void> {
    try {
      const passphraseFile = passphraseFileOf(home, dir);
      const member = await startMember({ ...options, dir, passphraseFile, trustRoster: false });
      if (judge !== undefined) member.open(judge);
      held.push({ dir, member });
      logger.info({ dir, name: member.name }, 'a later key has a party here');
    } catch (error) {
      // Tried again: its operator may still be putting it there.
      const problem = errorMessage(error);
      if (told.has(`${dir} ${problem}`)) return;
      told.add(`${dir} ${problem}`);
      logger.error({ dir, problem }, 'a later key cannot be held');
    }
  }

  /** Parties of keys that were followed end, after a while. */
  async function retire(): Promise<void> {
    const current = inForce();
    if (current === undefined || current !== since?.member) {
      since = current && { member: current, atMs: Date.now() };
      return;
    }
    const place = held.findIndex(({ member }) => member === current);
    if (place <= 0 || Date.now() - since.atMs < retireMs) return;
    for (const { dir, member } of held.splice(0, place)) {
      closed.add(dir);
      await member.close();
      logger.warn({ dir }, 'this key is out of force for good: delete its vault');
    }
  }

  async function scan(): Promise<void> {
    for (const dir of foldersOf(home)) {
      const isKnown = dir === home || closed.has(dir) || held.some((each) => each.dir === dir);
      if (!isKnown && !isOver) await begin(dir);
    }
    if (!isOver) await retire();
  }

  function inForce(): Member | undefined {
    const members = held.map(({ member }) => member);
    return pickInForce(members, newest(held));
  }

  let turn: Promise<void> = scan();
  const timer = setInterval(() => {
    turn = turn.then(scan).catch((error) => logger.error({ problem: errorMessage(error) }, 'keys'));
  }, everyMs);
  return {
    inForce,
    open(with_) {
      judge = with_;
      for (const { member } of held) member.open(with_);
    },
    async close() {
      isOver = true;
      clearInterval(timer);
      await turn;
      await Promise.all(held.map(({ member }) => member.close()));
    },
  };
}
