/**
 * Everything that a trader does on chain. Works with an RPC alone: no node, no operator. Each
 * action is simulated first, so that a refusal costs no gas and comes back as a rejection with
 * the contract's own code.
 */
import { clearingHouseAbi, iOracleAbi, testTokenAbi, vaultAbi } from '@holdfast/abi';
import {
  type ChainAccess,
  type ChainReader,
  createChainReader,
  createChainWriter,
  createFaucet,
} from '@holdfast/host';
import { type SessionGrant, type SignedConditional, wholeScope } from '@holdfast/order';
import {
  EnvironmentError,
  firstFundAccount,
  type Hex,
  isRejection,
  type Rejection,
  reject,
  type Seconds,
} from '@holdfast/units';
import { type Abi, BaseError, parseEventLogs, type TransactionReceipt } from 'viem';
import { createCustody, type QueueEvent } from './custody.ts';
import { chainOf, type VenueInfo } from './info.ts';
import { parseTokens } from './market.ts';
import { revertOf } from './reverts.ts';
import type { Signer } from './signer.ts';

/** An action that the chain has carried out. */
export type Done = { readonly tx: Hex; readonly block: number };

/** An account as the chain has it; amounts in quote units. */
export type ChainAccount = {
  readonly account: number;
  readonly owner: Hex;
  readonly epoch: number;
  readonly cashQ32: bigint;
  readonly equity: bigint;
  readonly initial: bigint;
  readonly maintenance: bigint;
  /** Initial margin that the owner demands of itself, ppm. */
  readonly userPpm: number;
  readonly positions: readonly { readonly market: number; readonly size: number }[];
};

type Context = {
  readonly info: VenueInfo;
  readonly access: ChainAccess;
  readonly reader: ChainReader;
  readonly signer: Signer | undefined;
  readonly timeoutMs: number;
};
/** A call of any contract of the venue. */
export type ContractCall = {
  readonly address: Hex;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
  /** Wei that goes along. */
  readonly value?: bigint;
};
/** As {@link Done}, with what it left in the logs. */
export type Sent = Done & { readonly receipt: TransactionReceipt };

const nobody: Hex = `0x${'00'.repeat(20)}`;

const houseOf = (c: Context) => ({ address: c.info.clearingHouse, abi: clearingHouseAbi }) as const;
const tokenOf = (c: Context) => ({ address: c.info.token.address, abi: testTokenAbi }) as const;

function signing(c: Context): Signer {
  if (c.signer) return c.signer;
  throw new EnvironmentError('KeyMissing', 'this needs a key: none was given');
}

/** What was thrown, as a rejection if the contracts or the gas refused. @throws EnvironmentError */
function refusal(c: Context, error: unknown): Rejection {
  if (error instanceof EnvironmentError) throw error;
  const rejection = revertOf(error);
  if (rejection) return rejection;
  const message = error instanceof BaseError ? error.shortMessage : String(error);
  if (/insufficient funds|gas required exceeds allowance/i.test(String(error))) {
    return reject('GasShort', `${c.signer?.address} cannot pay for gas`);
  }
  throw new EnvironmentError('ChainFailed', `${c.info.rpcUrl}: ${message}`, {
    retry: true,
    cause: error,
  });
}

async function read<T>(c: Context, ask: () => Promise<T>): Promise<T | Rejection> {
  try {
    return await ask();
  } catch (error) {
    return refusal(c, error);
  }
}

/** As {@link read} where a refusal means that the addresses are wrong. */
async function must<T>(c: Context, ask: () => Promise<T>): Promise<T> {
  const result = await read(c, ask);
  if (!isRejection(result)) return result;
  const message = `${c.info.rpcUrl}: ${result.message} (${result.code})`;
  throw new EnvironmentError('ChainFailed', message);
}

async function simulate(c: Context, call: ContractCall): Promise<Rejection | undefined> {
  const { address } = signing(c);
  const result = await read(c, () =>
    c.reader.simulateContract({ ...call, account: address } as never),
  );
  return isRejection(result) ? result : undefined;
}

/** A third more gas than the estimate. */
const gasHeadroomPart = 3n;

async function send(c: Context, call: ContractCall): Promise<Sent | Rejection> {
  const no = await simulate(c, call);
  if (no) return no;
  const writer = createChainWriter(c.access, signing(c));
  const sent = await read(c, async () => {
    const estimate = await c.reader.estimateContractGas({
      ...call,
      account: signing(c).address,
    } as never);
    // What others do before it is mined may make the call dearer; what is left over is returned.
    const gas = estimate + estimate / gasHeadroomPart;
    const hash = await writer.writeContract({ ...call, gas } as never);
    return c.reader.waitForTransactionReceipt({ hash, timeout: c.timeoutMs });
  });
  if (isRejection(sent)) return sent;
  const { transactionHash: tx, blockNumber, status } = sent;
  if (status === 'success') return { tx, block: Number(blockNumber), receipt: sent };
  return (await simulate(c, call)) ?? reject('Reverted', `transaction ${tx} failed`);
}

function done(sent: Sent | Rejection): Done | Rejection {
  return isRejection(sent) ? sent : { tx: sent.tx, block: sent.block };
}

const act = async (c: Context, functionName: string, args: readonly unknown[]) =>
  done(await send(c, { ...houseOf(c), abi: clearingHouseAbi as Abi, functionName, args }));

async function account(c: Context, id: number): Promise<ChainAccount | Rejection> {
  const house = houseOf(c);
  const result = await read(c, () =>
    Promise.all([
      c.reader.readContract({ ...house, functionName: 'account', args: [id] }),
      c.reader.readContract({ ...house, functionName: 'health', args: [id] }),
      c.reader.readContract({ ...house, functionName: 'leverage', args: [id] }),
    ]),
  );
  if (isRejection(result)) return result;
  const [[owner, cashQ32, epoch, positions], [equity, initial, maintenance], userPpm] = result;
  if (owner === nobody && id > 1 && id < firstFundAccount)
    return reject('AccountUnknown', `there is no account ${id}`);
  const held = positions.map(({ market, size }) => ({ market, size: Number(size) }));
  const sums = { cashQ32, equity, initial, maintenance, userPpm: Number(userPpm) };
  return { account: id, owner, epoch: Number(epoch), ...sums, positions: held };
}

/** Demands margin of an account; with the report if the chain's prices are needed and stale. */
async function setLeverage(
  c: Context,
  id: number,
  initialPpm: number,
  latest: Hex | undefined,
): Promise<Done | Rejection> {
  const call = (report: Hex): ContractCall => ({
    ...houseOf(c),
    abi: clearingHouseAbi as Abi,
    functionName: 'setLeverage',
    args: [id, initialPpm, report],
  });
  const plain = await simulate(c, call('0x'));
  const report = plain?.code === 'PriceStale' ? latest : undefined;
  return done(await send(c, call(report ?? '0x')));
}

async function openAccount(
  c: Context,
  owner: Hex | undefined,
): Promise<(Done & { account: number }) | Rejection> {
  const sent = await send(c, {
    ...houseOf(c),
    abi: clearingHouseAbi as Abi,
    functionName: 'openAccount',
    args: [owner ?? signing(c).address],
  });
  if (isRejection(sent)) return sent;
  const { logs } = sent.receipt;
  const [opened] = parseEventLogs({ abi: clearingHouseAbi, eventName: 'AccountOpened', logs });
  if (opened === undefined) return reject('Reverted', 'the chain opened no account');
  return { tx: sent.tx, block: sent.block, account: Number(opened.args.account) };
}

async function faucet(c: Context, amount: string): Promise<Done | Rejection> {
  const units = parseTokens(amount, c.info.token.decimals);
  if (isRejection(units)) return units;
  const { address } = signing(c);
  await must(c, () => createFaucet(c.access, c.info.token.address).gas(address));
  const mint = { ...tokenOf(c), abi: testTokenAbi as Abi, functionName: 'mint' };
  return done(await send(c, { ...mint, args: [address, units] }));
}

async function accountsOf(c: Context, owner: Hex): Promise<number[]> {
  const logs = await must(c, () =>
    c.reader.getContractEvents({
      ...houseOf(c),
      eventName: 'AccountOpened',
      args: { owner },
      fromBlock: BigInt(c.info.deployBlock),
    }),
  );
  return logs.map((log) => Number(log.args.account)).sort((a, b) => a - b);
}

/** Order and signature as the contract takes them. */
function conditionalArgs({ signature, ...order }: SignedConditional): [object, Hex] {
  return [{ ...order, size: BigInt(order.size), nonce: BigInt(order.nonce) }, signature];
}

async function conditional(
  c: Context,
  order: SignedConditional,
): Promise<{ best: number; used: boolean }> {
  const [terms] = conditionalArgs(order);
  const [, best, used] = await must(c, () =>
    c.reader.readContract({
      ...houseOf(c),
      functionName: 'conditional',
      args: [terms as never],
    }),
  );
  return { best, used };
}

async function session(c: Context, id: number, key: Hex): Promise<SessionGrant> {
  const [expiry, scope] = await must(c, () =>
    c.reader.readContract({ ...houseOf(c), functionName: 'session', args: [id, key] }),
  );
  return { expiry: Number(expiry) as Seconds, scope };
}

async function numbersOf(c: Context, eventName: QueueEvent, account?: number): Promise<bigint[]> {
  const logs = await must(c, () =>
    c.reader.getContractEvents({
      address: c.info.vault,
      abi: vaultAbi,
      eventName,
      args: account === undefined ? {} : { account },
      fromBlock: BigInt(c.info.deployBlock),
    }),
  );
  return logs.map((log) => log.args.id ?? 0n);
}

async function balances(c: Context, address: Hex): Promise<{ tokens: bigint; gas: bigint }> {
  const [tokens, gas] = await must(c, () =>
    Promise.all([
      c.reader.readContract({ ...tokenOf(c), functionName: 'balanceOf', args: [address] }),
      c.reader.getBalance({ address }),
    ]),
  );
  return { tokens, gas };
}

/** What keepers do, and what binds all of them. */
const keeping = (c: Context) => ({
  /** Kills whatever was signed under a one-time number, whoever holds it. */
  cancelNonce: (id: number, nonce: number) => act(c, 'cancelNonce', [id, BigInt(nonce)]),
  /** Fills a conditional order against an account of the signer, as any keeper may. */
  trigger: (order: SignedConditional, keeper: number, report: Hex = '0x') =>
    act(c, 'trigger', [...conditionalArgs(order), keeper, report]),
  /** Has a trailing stop follow the chain's price, as anybody may. */
  ratchet: (order: SignedConditional, report: Hex = '0x') =>
    act(c, 'ratchet', [...conditionalArgs(order), report]),
  /** The price that a trailing stop follows from, and whether its number is used. */
  conditional: (order: SignedConditional) => conditional(c, order),
});

export type ChainActions = ReturnType<typeof createChain>;

/**
 * @param signer signs transactions; without it only reads work.
 * @param timeoutMs longest wait for a transaction to be mined, wall ms.
 */
export function createChain(info: VenueInfo, signer: Signer | undefined, timeoutMs = 60_000) {
  const access = chainOf(info);
  const c: Context = { info, access, reader: createChainReader(access), signer, timeoutMs };
  const ask = (call: ContractCall): Promise<unknown> =>
    must(c, () => c.reader.readContract(call as never));
  const perform = (call: ContractCall) => send(c, call);
  const check = (call: ContractCall) => simulate(c, call);
  const hands = { info, signer: () => signing(c), check, perform, ask };
  const numbers = (event: QueueEvent, id?: number) => numbersOf(c, event, id);
  return {
    ...createCustody({ ...hands, numbers }),
    /** An account, or a rejection `AccountUnknown`. */
    account: (id: number) => account(c, id),
    /** Ids of the accounts that an address owns, ascending, from the chain's logs. */
    accountsOf: (owner: Hex) => accountsOf(c, owner),
    openAccount: (owner?: Hex) => openAccount(c, owner),
    /** Test venues only: gas for the signer, and `amount` of the test token. */
    faucet: (amount: string) => faucet(c, amount),
    /** Kills every order of a lane with a seq up to `seq`, whatever the node says. */
    cancelLane: (id: number, lane: number, seq: number) => act(c, 'cancelLane', [id, lane, seq]),
    /** Kills every order signed so far, whatever the node says. */
    cancelAll: (id: number) => act(c, 'cancelAll', [id]),
    /**
     * Demands at least `initialPpm` of initial margin of every position; 0: no own demand. Less
     * than before needs initial margin at fresh prices; `report` is sent along if they are stale.
     */
    setLeverage: (id: number, initialPpm: number, report?: Hex) =>
      setLeverage(c, id, initialPpm, report),
    /** Lets `key` trade within `scope` (nothing else) until `expiry`, venue seconds; 0 revokes. */
    setSession: (id: number, key: Hex, expiry: number, scope = wholeScope) =>
      act(c, 'setSession', [id, key, expiry, scope]),
    /** Expiry and scope of a session key; expiry 0: it is none. */
    session: (id: number, key: Hex) => session(c, id, key),
    ...keeping(c),
    /** Makes a price report known to the chain (anyone, once the sequencer is quiet). */
    push: (report: Hex) => act(c, 'push', [report]),
    /** Any other call, simulated before it is sent. */
    call: async (call: ContractCall) => done(await send(c, call)),
    /** Any other view. */
    ask,
    /** Tokens and native currency of an address. */
    balances: (address: Hex) => balances(c, address),
    /** Last seq of a lane and how much of it is filled. */
    async lane(id: number, lane: number): Promise<{ seq: number; filled: number }> {
      const args = [id, lane] as const;
      const house = houseOf(c);
      const [seq, filled] = await must(c, () =>
        c.reader.readContract({ ...house, functionName: 'lane', args }),
      );
      return { seq: Number(seq), filled: Number(filled) };
    },
    /** Index and mark price of a market on chain, ticks, and their time; 0 before the first. */
    async price(market: number): Promise<{ price: number; mark: number; time: number }> {
      const oracle = { address: info.oracle, abi: iOracleAbi } as const;
      const [price, mark, time] = await must(c, () =>
        c.reader.readContract({ ...oracle, functionName: 'quote', args: [market] }),
      );
      return { price: Number(price), mark: Number(mark), time: Number(time) };
    },
    /** Funding index (quote per lot Q32) and Σ longs of a market. */
    async market(market: number): Promise<{ fundingIndex: bigint; openInterest: number }> {
      const house = houseOf(c);
      const [fundingIndex, , openInterest] = await must(c, () =>
        c.reader.readContract({ ...house, functionName: 'market', args: [market] }),
      );
      return { fundingIndex, openInterest: Number(openInterest) };
    },
  };
}
