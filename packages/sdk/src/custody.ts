/**
 * Collateral in, out and between the accounts of one owner, with an RPC alone. A withdrawal is paid
 * as far as the vault's windows are open and waits for the rest; where it stands can be asked.
 */
import { clearingHouseAbi, testTokenAbi, vaultAbi } from '@holdfast/abi';
import { type Hex, isRejection, type Rejection, reject } from '@holdfast/units';
import { type Abi, parseEventLogs, parseSignature } from 'viem';
import type { ContractCall, Done, Sent } from './chain.ts';
import type { VenueInfo } from './info.ts';
import { parseTokens } from './market.ts';
import type { Signer } from './signer.ts';
import type { SignedWithdrawal } from './withdrawal.ts';

/** What the functions here need of the chain. */
export type Hands = {
  readonly info: VenueInfo;
  readonly signer: () => Signer;
  /** Why a call would be refused, or undefined. */
  readonly check: (call: ContractCall) => Promise<Rejection | undefined>;
  /** Simulates, sends, waits. */
  readonly perform: (call: ContractCall) => Promise<Sent | Rejection>;
  readonly ask: (call: ContractCall) => Promise<unknown>;
  /** Numbers of the withdrawals in the vault's logs of a kind, of one account if told. */
  readonly numbers: (event: QueueEvent, account?: number) => Promise<bigint[]>;
};
/** Logs of the vault that name a withdrawal and its account. */
export type QueueEvent = 'Queued' | 'Vetoed' | 'Undeliverable';

/** A withdrawal that waits in the vault. */
export type QueuedWithdrawal = {
  /** Number in the vault. */
  readonly id: bigint;
  readonly account: number;
  readonly to: Hex;
  /** What is left of it, token units. */
  readonly amount: bigint;
  readonly line: 'small' | 'ordinary' | 'large';
  readonly state: 'waiting' | 'vetoed' | 'undelivered';
  /** Before this second it cannot be paid. */
  readonly readyAt: number;
  /** Vetoed: from this second on anyone may have it returned to its account. */
  readonly until: number;
  /** How many wait before it, and their sum in token units. */
  readonly ahead: number;
  readonly amountAhead: bigint;
  /** Earliest second at which all of it can have been paid; 0: more than 14 days away. */
  readonly earliest: number;
};

/** What became of a withdrawal. */
export type Withdrawn = Done & {
  /** Paid at once, token units. */
  readonly paid: bigint;
  /** The rest, if any, and where it stands. */
  readonly queued?: QueuedWithdrawal | undefined;
};

const lineNames = ['small', 'ordinary', 'large'] as const;
const stateNames = ['none', 'waiting', 'vetoed', 'undelivered'] as const;

const onHouse = (h: Hands, functionName: string, ...args: unknown[]): ContractCall => ({
  address: h.info.clearingHouse,
  abi: clearingHouseAbi as Abi,
  functionName,
  args,
});
const onVault = (h: Hands, functionName: string, ...args: unknown[]): ContractCall => ({
  address: h.info.vault,
  abi: vaultAbi as Abi,
  functionName,
  args,
});
const onToken = (h: Hands, functionName: string, ...args: unknown[]): ContractCall => ({
  address: h.info.token.address,
  abi: testTokenAbi as Abi,
  functionName,
  args,
});

const done = (sent: Sent | Rejection): Done | Rejection =>
  isRejection(sent) ? sent : { tx: sent.tx, block: sent.block };

type Row = {
  readonly to: Hex;
  readonly readyAt: number;
  readonly state: number;
  readonly account: number;
  readonly quote: bigint;
  readonly until: number;
};

async function rowOf(h: Hands, id: bigint, scale: bigint): Promise<QueuedWithdrawal | undefined> {
  const row = (await h.ask(onVault(h, 'withdrawal', id))) as Row;
  const state = stateNames[row.state];
  if (state === undefined || state === 'none') return undefined;
  const isWaiting = state === 'waiting';
  const [[ahead, amountAhead], earliest] = isWaiting
    ? ((await Promise.all([
        h.ask(onVault(h, 'position', id)),
        h.ask(onVault(h, 'earliest', id)),
      ])) as [[bigint, bigint], bigint])
    : ([[0n, 0n], 0n] as const);
  return {
    id,
    account: Number(row.account),
    to: row.to,
    amount: row.quote * scale,
    line: lineNames[Number(id & 3n)] ?? 'ordinary',
    state,
    readyAt: Number(row.readyAt),
    until: Number(row.until),
    ahead: Number(ahead),
    amountAhead,
    earliest: Number(earliest),
  };
}

const scaleOf = async (h: Hands): Promise<bigint> => (await h.ask(onVault(h, 'scale'))) as bigint;

/** Numbers of all that waits, by line and place, and of what was stopped. */
async function everyNumber(h: Hands): Promise<bigint[]> {
  const [heads, tails] = (await h.ask(onVault(h, 'lines'))) as [bigint[], bigint[]];
  const ids = [...(await h.numbers('Vetoed')), ...(await h.numbers('Undeliverable'))];
  for (const line of [0n, 1n, 2n]) {
    const [head = 1n, tail = 1n] = [heads[Number(line)], tails[Number(line)]];
    for (let place = head; place < tail; place += 1n) ids.push((place << 2n) | line);
  }
  return ids;
}

/** Every withdrawal in the queue or stopped, by number; those of one account if told. */
async function withdrawals(h: Hands, account?: number): Promise<QueuedWithdrawal[]> {
  const ids = account === undefined ? await everyNumber(h) : await h.numbers('Queued', account);
  const scale = await scaleOf(h);
  const found: QueuedWithdrawal[] = [];
  for (const id of [...new Set(ids)].sort((a, b) => (a < b ? -1 : 1))) {
    const row = await rowOf(h, id, scale);
    if (row) found.push(row);
  }
  return found;
}

/** What a withdrawal's transaction did, from the vault's logs. */
async function told(h: Hands, sent: Sent): Promise<Withdrawn> {
  const { logs } = sent.receipt;
  const own = logs.filter((log) => log.address.toLowerCase() === h.info.vault.toLowerCase());
  const [paid] = parseEventLogs({ abi: vaultAbi, eventName: 'Paid', logs: own });
  const [waits] = parseEventLogs({ abi: vaultAbi, eventName: 'Queued', logs: own });
  const base = { tx: sent.tx, block: sent.block, paid: paid?.args.amount ?? 0n };
  if (waits === undefined) return base;
  return { ...base, queued: await rowOf(h, waits.args.id, await scaleOf(h)) };
}

/** The call with no report if the chain's prices are fresh, else with the one given. */
async function withReport(
  h: Hands,
  call: (report: Hex) => ContractCall,
  report: Hex | undefined,
): Promise<Sent | Rejection> {
  const plain = await h.check(call('0x'));
  return h.perform(call(plain?.code === 'PriceStale' ? (report ?? '0x') : '0x'));
}

async function withdraw(
  h: Hands,
  id: number,
  amount: string,
  options: { to?: Hex | undefined; report?: Hex | undefined } = {},
): Promise<Withdrawn | Rejection> {
  const units = parseTokens(amount, h.info.token.decimals);
  if (isRejection(units)) return units;
  const to = options.to ?? h.signer().address;
  const call = (report: Hex) => onHouse(h, 'withdraw', id, units, to, report);
  const sent = await withReport(h, call, options.report);
  return isRejection(sent) ? sent : told(h, sent);
}

async function transfer(
  h: Hands,
  from: number,
  to: number,
  amount: string,
  report?: Hex,
): Promise<Done | Rejection> {
  const units = parseTokens(amount, h.info.token.decimals);
  if (isRejection(units)) return units;
  const call = (bytes: Hex) => onHouse(h, 'transfer', from, to, units, bytes);
  return done(await withReport(h, call, report));
}

type TokenDomain = readonly [Hex, string, string, bigint, Hex, Hex, readonly bigint[]];

/** The EIP-712 domain and next nonce of a token that knows permits; undefined: it knows none. */
async function permitTerms(h: Hands, owner: Hex) {
  try {
    const [nonce, described] = await Promise.all([
      h.ask(onToken(h, 'nonces', owner)) as Promise<bigint>,
      h.ask(onToken(h, 'eip712Domain')) as Promise<TokenDomain>,
    ]);
    const [, name, version, chainId, verifyingContract] = described;
    return { nonce, domain: { name, version, chainId: Number(chainId), verifyingContract } };
  } catch {
    return undefined;
  }
}

const permitTypes = {
  Permit: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
} as const;

const permitLifeSeconds = 3600;

async function permitted(
  h: Hands,
  terms: NonNullable<Awaited<ReturnType<typeof permitTerms>>>,
  id: number,
  units: bigint,
): Promise<Sent | Rejection> {
  const signer = h.signer();
  const deadline = BigInt(h.info.clock.now() + permitLifeSeconds);
  const { vault, token } = h.info;
  const message = { owner: signer.address, spender: vault, value: units, nonce: terms.nonce };
  const signature = await signer.signTypedData({
    domain: terms.domain,
    types: permitTypes,
    primaryType: 'Permit',
    message: { ...message, deadline },
  });
  const { r, s, v = 27n } = parseSignature(signature);
  const args = [token.address, id, units, deadline, Number(v), r, s];
  return h.perform(onHouse(h, 'depositWithPermit', ...args));
}

/**
 * @param how 'permit' (default): in one transaction, with a signed allowance, where the token knows
 * that; 'approve': with an allowance on chain first
 */
async function deposit(
  h: Hands,
  id: number,
  amount: string,
  how: 'permit' | 'approve' = 'permit',
): Promise<(Done & { how: 'permit' | 'approve' | 'allowance' }) | Rejection> {
  const units = parseTokens(amount, h.info.token.decimals);
  if (isRejection(units)) return units;
  const { address } = h.signer();
  const { vault, token } = h.info;
  const [balance, allowance] = (await Promise.all([
    h.ask(onToken(h, 'balanceOf', address)),
    h.ask(onToken(h, 'allowance', address, vault)),
  ])) as [bigint, bigint];
  if (balance < units) {
    const text = `${address} holds ${balance} token units, the deposit needs ${units}`;
    return reject('BalanceShort', text, { found: `${balance}`, required: `${units}` });
  }
  const isAllowed = allowance >= units;
  const terms = how === 'permit' && !isAllowed ? await permitTerms(h, address) : undefined;
  if (terms) {
    const sent = await permitted(h, terms, id, units);
    return isRejection(sent) ? sent : { tx: sent.tx, block: sent.block, how: 'permit' };
  }
  if (!isAllowed) {
    const approved = await h.perform(onToken(h, 'approve', vault, units));
    if (isRejection(approved)) return approved;
  }
  const sent = await h.perform(onHouse(h, 'deposit', token.address, id, units));
  if (isRejection(sent)) return sent;
  return { tx: sent.tx, block: sent.block, how: isAllowed ? 'allowance' : 'approve' };
}

async function release(
  h: Hands,
  count: number,
): Promise<(Done & { paid: bigint; released: bigint[] }) | Rejection> {
  const sent = await h.perform(onVault(h, 'release', BigInt(count)));
  if (isRejection(sent)) return sent;
  const { logs } = sent.receipt;
  const events = parseEventLogs({ abi: vaultAbi, eventName: 'Released', logs });
  const paid = events.reduce((sum, { args }) => sum + args.amount, 0n);
  return { tx: sent.tx, block: sent.block, paid, released: events.map(({ args }) => args.id) };
}

/** Custody with these hands. */
export function createCustody(h: Hands) {
  return {
    /** Deposits by permit where the token knows that, else by approval. */
    deposit: (id: number, amount: string, how?: 'permit' | 'approve') =>
      deposit(h, id, amount, how),
    /** Withdraws: paid at once as far as the windows are open, the rest queued. */
    withdraw: (id: number, amount: string, options?: Parameters<typeof withdraw>[3]) =>
      withdraw(h, id, amount, options),
    /** Moves tokens between two accounts of the signer; judged like a withdrawal. */
    transfer: (from: number, to: number, amount: string, report?: Hex) =>
      transfer(h, from, to, amount, report),
    /** What waits in the vault, of one account or of all. */
    withdrawals: (account?: number) => withdrawals(h, account),
    /** One queued withdrawal; undefined: it is paid, returned or never was. */
    withdrawal: async (id: bigint) => rowOf(h, id, await scaleOf(h)),
    /** Pays what fits now from the head of the queue; anyone may call. */
    release: (count = 10) => release(h, count),
    /** Puts a queued withdrawal back: the owner, or anyone after a veto ran out. */
    reclaim: async (id: bigint) => done(await h.perform(onHouse(h, 'reclaim', id))),
    /** Guardians: confirms the veto of a large withdrawal before it may be paid. */
    veto: async (id: bigint) => done(await h.perform(onVault(h, 'veto', id))),
    /** The same of many: those that cannot be vetoed (any more) are left out. */
    vetoMany: async (ids: readonly bigint[]) =>
      done(await h.perform(onVault(h, 'vetoMany', [...ids]))),
    /** Pays from the insurance fund what a closed account owes; anyone may call. */
    cover: async (id: number) => done(await h.perform(onHouse(h, 'cover', id))),
    /** Relays a withdrawal that its owner signed; the fee goes to account `relayer`. */
    async relay(withdrawal: SignedWithdrawal, signature: Hex, relayer: number, report?: Hex) {
      const call = (bytes: Hex) =>
        onHouse(h, 'withdrawSigned', withdrawal, signature, relayer, bytes);
      const sent = await withReport(h, call, report);
      return isRejection(sent) ? sent : told(h, sent);
    },
    /** What could be withdrawn now, and what of it would be paid at once; token units. */
    async withdrawable(id: number): Promise<{ amount: bigint; atOnce: bigint }> {
      const answer = (await h.ask(onHouse(h, 'withdrawable', id))) as [bigint, bigint];
      return { amount: answer[0], atOnce: answer[1] };
    },
    /** Second until which an unresolved insolvency may keep the queue shut; 0: it never did. */
    gateUntil: async (): Promise<number> => Number(await h.ask(onVault(h, 'gateUntil'))),
  };
}
