/** Node and chain hold the same books, to the unit, once everything that was matched is final. */
import assert from 'node:assert/strict';
import { fetchJson, type Venue } from '@holdfast/host';
import { firstFundAccount } from '@holdfast/units';
import { createRpc, readHead } from '@holdfast/venue';
import { zeroAddress } from 'viem';
import { noRow } from './records.ts';
import { type NodeStatus, type Stage, statusOf } from './stage.ts';
import { accountText, readStored, type Stored } from './storage.ts';
import { until } from './until.ts';

/** Waits until every fill is on the chain and final for the node. */
export async function settledUp(url: string, msMax = 60_000): Promise<NodeStatus> {
  return until('all fills settled', msMax, async () => {
    const status = await statusOf(url);
    assert.equal(status.halted, undefined, `the node halted: ${status.halted}`);
    const { pendingFills, queued, inflight } = status.settler;
    if (pendingFills > 0 || queued > 0 || inflight !== null) return undefined;
    return (await unconfirmed(url)) === 0 ? status : undefined;
  });
}

async function unconfirmed(url: string): Promise<number> {
  const { body } = await fetchJson(`${url}/metrics`);
  const line = /^holdfast_fills_unconfirmed (\d+)/m.exec(String(body));
  assert.ok(line, 'the node has no metric of unconfirmed fills');
  return Number(line[1]);
}

type CoreAccount = {
  owner: string;
  epoch: number;
  cashQ32: string;
  positions: { market: number; size: number }[];
};

async function coreAccount(url: string, id: number): Promise<string> {
  const { status, body } = await fetchJson(`${url}/v1/accounts/${id}`);
  // The core knows a fund from the first event that names it on; until then it is empty.
  if (status === 404 && id >= firstFundAccount) return accountText(noRow(zeroAddress));
  if (status !== 200) return `status ${status}`;
  const { owner, epoch, cashQ32, positions } = body as CoreAccount;
  const sizes = new Map(positions.map(({ market, size }) => [market, size]));
  return accountText({ owner, epoch, cash: BigInt(cashQ32), sizes });
}

async function disagreements(url: string, stored: Stored): Promise<string[]> {
  const wrong: string[] = [];
  for (const account of stored.accounts) {
    const [core, chain] = [await coreAccount(url, account.id), accountText(account)];
    if (core !== chain) wrong.push(`account ${account.id}: core ${core}, chain ${chain}`);
  }
  return wrong;
}

/**
 * Waits until core and chain agree on every account: owner, epoch, cash to the last bit, positions.
 * Keepers and depositors may still act, so that one look alone may fall between two blocks.
 */
export async function agree(stage: Pick<Stage, 'url' | 'venue'>, msMax = 60_000): Promise<Stored> {
  const { url, venue } = stage;
  let last: string[] = [];
  const found = await until(
    'core and chain agree',
    msMax,
    async () => {
      await settledUp(url, msMax);
      const stored = await readStored(venue, await headOf(venue), true);
      last = await disagreements(url, stored);
      return last.length === 0 ? stored : undefined;
    },
    500,
  ).catch((error: Error) => {
    throw new Error(`${error.message}\n${last.slice(0, 10).join('\n')}`);
  });
  assert.ok(found.accounts.length > 2, 'there are no accounts to agree on');
  return found;
}

/** Waits until core and chain agree on one account, whatever the others do; gives its text. */
export function agreeOn(stage: Pick<Stage, 'url' | 'venue'>, id: number): Promise<string> {
  return until(`core and chain agree on account ${id}`, 60_000, async () => {
    const stored = await readStored(stage.venue, await headOf(stage.venue), true);
    const row = stored.accounts.find((account) => account.id === id);
    const chain = row && accountText(row);
    return chain !== undefined && chain === (await coreAccount(stage.url, id)) && chain;
  });
}

/** Number of the chain's last block. */
export async function headOf(venue: Venue): Promise<number> {
  return (await readHead(createRpc(venue.rpcUrl))).number;
}
