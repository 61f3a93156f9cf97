/** Money of a tape's venue: accounts, deposits, and what the vault's windows let out. */
import { maxBig, minBig } from '@holdfast/units';
import { selectorOf } from '../kit/selectors.ts';
import { token } from '../kit/value.ts';
import { type Books, callOf, credit, putAccount, reserved, rowOf, tell } from './books.ts';
import { addressOf, places } from './venue.ts';

const q32 = 32n;

export function deposit(b: Books, account: number, tokens: number, from: string): void {
  const quote = BigInt(tokens) * token;
  const cashAfter = credit(b, account, quote << q32);
  const vault = b.state.vault;
  b.state.vault = { ...vault, liabilities: vault.liabilities + quote };
  tell(b, { source: 'vault', name: 'Taken', args: { from, received: quote } });
  const args = { account, from, quote, cashAfter };
  tell(b, { source: 'clearingHouse', name: 'Deposited', args });
  b.txs.push(callOf(b, from, places.clearingHouse, selectorOf('deposit')));
}

export function join(b: Books, tokens: number, who: { owner?: string; from?: string }): number {
  const taken = [...b.state.accounts.keys()].filter((id) => id < 2 ** 31);
  const account = Math.max(...taken) + 1;
  const owner = who.owner ?? addressOf(0xa0000 + account);
  putAccount(b, { ...reserved(account, 0n), owner });
  tell(b, { source: 'clearingHouse', name: 'AccountOpened', args: { account, owner } });
  if (tokens > 0) deposit(b, account, tokens, who.from ?? owner);
  return account;
}

/** Budgets as the vault keeps them: a floor, or a part of what it owes. */
export function budgets(b: Books): { hourMax: bigint; dayMax: bigint } {
  const { liabilities } = b.state.vault;
  return {
    hourMax: maxBig(b.floors.hour, liabilities / 100n),
    dayMax: maxBig(b.floors.day, liabilities / 10n),
  };
}

export function usedSince(b: Books, seconds: number): bigint {
  const from = b.time - seconds;
  return b.paid.reduce((sum, { time, quote }) => (time > from ? sum + quote : sum), 0n);
}

export function withdraw(b: Books, account: number, tokens: number, to: string): void {
  const quote = BigInt(tokens) * token;
  const cashAfter = credit(b, account, -(quote << q32));
  const { hourMax, dayMax } = budgets(b);
  const [hourRoom, dayRoom] = [hourMax - usedSince(b, 3600), dayMax - usedSince(b, 86_400)];
  const room = minBig(hourRoom, dayRoom);
  const now = maxBig(0n, minBig(room, quote));
  const vault = b.state.vault;
  const queue = new Map(vault.queue);
  if (now > 0n) {
    b.paid.push({ time: b.time, quote: now });
    tell(b, { source: 'vault', name: 'Paid', args: { to, amount: now } });
  }
  if (now < quote) {
    const id = BigInt(queue.size + 1 + b.number * 1000);
    const row = { id, account, to, quote: quote - now, readyAt: b.time };
    queue.set(id, row);
    tell(b, { source: 'vault', name: 'Queued', args: { ...row, amount: row.quote } });
  }
  const queued = vault.queued + quote - now;
  b.state.vault = { ...vault, liabilities: vault.liabilities - quote, queued, queue };
  const args = { account, to, quote, cashAfter };
  tell(b, { source: 'clearingHouse', name: 'Withdrawn', args });
  b.txs.push(callOf(b, rowOf(b, account).owner, places.clearingHouse, selectorOf('withdraw')));
}
