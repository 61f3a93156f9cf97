/** The compiled venue on a chain of its own, what is done to it, and what its views say after. */
import { errorsAbi, iVenueAbi } from '@holdfast/abi';
import { firstFundAccount, firstUserAccount } from '@holdfast/units';
import {
  type Abi,
  type Address,
  decodeFunctionResult,
  encodeFunctionData,
  type Hex,
  type Log,
  toFunctionSelector,
} from 'viem';
import { artifact, type Chain, deployer, startChain, transact } from '../../../tools/gas/chain.ts';
import {
  call,
  deployVenue,
  fund,
  openAccount,
  ownerOf,
  parameters,
  report,
  type Venue,
} from '../../../tools/gas/venue.ts';

export const marketsCount = 2;
export const usersCount = 6;
/** Collateral units of a whole token. */
export const unit = 1_000_000n;
export const lanesCount = 2;
const startPrice = 1_000_000;
/** What each user has at the start. */
const startCash = 300n * unit;

/** Caps, steps and shares that random operations reach: a batch may add three lots at once. */
const marketParameters = {
  ...parameters,
  priceAgeSecondsMax: 600,
  bandPpm: 300_000,
  openInterestMax: 60,
  openInterestLowPpm: 50_000,
  fundingGapSecondsMax: 300,
  liquidationPartPpm: 500_000,
  backstopLotsMax: 8,
};

/** The same with base margins alone, so that an account may hold twenty times what it has. */
const plainParameters = {
  ...marketParameters,
  openInterestMax: 150,
  openInterestLowPpm: 1_000_000,
  openInterestHighPpm: 1_000_000,
  concentrationPpm: 0,
  concentrationCapPpm: 0,
};

export type Account = {
  readonly owner: string;
  readonly cash: bigint;
  readonly epoch: number;
  readonly sizes: ReadonlyMap<number, number>;
};
export type Lane = { readonly seq: number; readonly filled: number };
export type Market = {
  readonly index: bigint;
  readonly fundingTime: number;
  readonly openInterest: number;
  readonly price: number;
  readonly mark: number;
  readonly priceTime: number;
  readonly levy: bigint;
};

/** The venue as its views answer, in one block. */
export type Seen = {
  readonly time: number;
  readonly accounts: ReadonlyMap<number, Account>;
  readonly markets: readonly Market[];
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly liabilities: bigint;
  readonly queued: bigint;
  readonly balance: bigint;
  readonly batch: bigint;
  readonly head: Hex;
  readonly round: number;
  readonly roundTime: number;
  readonly forced: { readonly next: number; readonly count: number; readonly deadline: number };
  /** Levels in force: of the venue, then of each market. */
  readonly levels: readonly number[];
  /** Expiries of the three levels of each scope. */
  readonly entries: readonly (readonly number[])[];
  /** Maintenance and funding bound of each market, as they are in force. */
  readonly params: readonly { readonly maintenancePpm: number; readonly initialPpm: number }[];
};

/** What became of a call. */
export type Outcome = {
  readonly ok: boolean;
  /** Name of the error; empty when there is none. */
  readonly error: string;
  readonly logs: readonly Log[];
};

export type Rig = {
  readonly venue: Venue;
  readonly users: readonly number[];
  /** Account of the backstop's common pool. */
  readonly pool: number;
  /** To the state after the stage was set. */
  reset(): Promise<void>;
  call(name: string, args: readonly unknown[], from: Address, how?: How): Promise<Outcome>;
  read(): Promise<Seen>;
  owner(id: number): Address;
  stop(): Promise<void>;
};

/** Where a call goes (default: the clearing house), and with how much ether. */
export type How = { readonly to?: Address; readonly abi?: Abi; readonly value?: bigint };

const errorNames = new Map<string, string>([
  ['0x4e487b71', 'Panic'],
  ['0x08c379a0', 'Error'],
  ...errorsAbi.map((item) => {
    const like = { ...item, type: 'function', outputs: [], stateMutability: 'view' };
    return [toFunctionSelector(like as never), item.name] as [string, string];
  }),
]);

/** Starts a chain with everybody in place. `mutant`: number of the mutant that is on; 0 for none */
export async function startRig(mutant = 0): Promise<Rig> {
  const chain = await startChain(mutant === 0 ? undefined : 1 << 20);
  const { raw, views } = rawClient(chain);
  await raw('anvil_setCoinbase', [`0x${mutant.toString(16).padStart(40, '0')}`]);
  const venue = await deployVenue(chain, [plainParameters, marketParameters]);
  const { users, pool } = await setStage(venue);
  const owner = (id: number): Address => ownerOf(venue, id);
  for (const id of users)
    await raw('anvil_setBalance', [owner(id), `0x${(10n ** 18n).toString(16)}`]);
  const asks = asksOf(venue, users, pool);
  let snapshot = await raw('evm_snapshot', []);
  const first = { time: chain.time, round: venue.round };
  return {
    venue,
    users,
    pool,
    owner,
    async reset() {
      await raw('evm_revert', [snapshot]);
      snapshot = await raw('evm_snapshot', []);
      [chain.time, venue.round] = [first.time, first.round];
      [venue.number, venue.head] = [0n, `0x${'00'.repeat(32)}`];
    },
    async call(name, args, from, { to = venue.clearingHouse, abi = iVenueAbi, value = 0n } = {}) {
      const data = encodeFunctionData({ abi: abi as Abi, functionName: name, args });
      const fields = { from, to, data, gas: '0x1c9c380', gasPrice: '0x0' };
      const request = value === 0n ? fields : { ...fields, value: `0x${value.toString(16)}` };
      const hash = await raw('eth_sendTransaction', [request]);
      await raw('evm_mine', [chain.time]);
      chain.time += 1;
      const receipt = (await raw('eth_getTransactionReceipt', [hash])) as {
        status: Hex;
        logs: Log[];
      };
      if (receipt.status === '0x1') return { ok: true, error: '', logs: receipt.logs };
      return { ok: false, error: await reasonOf(raw, request), logs: [] };
    },
    read: () => readSeen(views, venue, asks),
    async stop() {
      const gone = new Promise((done) => chain.process.once('exit', done));
      chain.process.kill('SIGKILL');
      await gone;
    },
  };
}

/** Users with cash, the last one with the owner of the first; funds and backstop with a little. */
async function setStage(venue: Venue): Promise<{ users: number[]; pool: number }> {
  await fund(venue, 10n ** 15n);
  const users: number[] = [];
  for (let i = 0; i < usersCount; i += 1) {
    const isLast = i === usersCount - 1;
    users.push(await openAccount(venue, isLast ? ownerOf(venue, users[0] as number) : undefined));
  }
  venue.keys.set(users.at(-1) as number, venue.keys.get(users[0] as number) as Uint8Array);
  for (const id of users) await call(venue, 'deposit', [venue.token, id, startCash]);
  for (const id of [0, firstFundAccount, firstFundAccount + 1]) {
    await call(venue, 'deposit', [venue.token, id, 2n * unit]);
  }
  const stop = { name: 'Backstop', address: venue.backstop };
  const token = { name: 'TestToken', address: venue.token };
  await transact(venue.chain, stop, 'openPool', [0]);
  await transact(venue.chain, token, 'approve', [venue.backstop, 10n ** 15n]);
  await transact(venue.chain, stop, 'deposit', [0, 40n * unit]);
  const prices = Array.from({ length: marketsCount }, () => startPrice);
  await call(venue, 'push', [report(venue, prices)], deployer);
  return { users, pool: firstUserAccount + usersCount };
}

type Raw = (method: string, params: readonly unknown[]) => Promise<unknown>;
type Answer = { id: number; result?: unknown; error?: { message: string } };

/** The chain's interface without a client's polling and formatting: half of a run is spent here. */
function rawClient(chain: Chain): { raw: Raw; views: (asks: readonly Ask[]) => Promise<Hex[]> } {
  const url = chain.client.transport.url as string;
  const headers = { 'content-type': 'application/json' };
  const post = async (body: unknown): Promise<unknown> =>
    (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json();
  const resultOf = ({ result, error }: Answer, method: string): unknown => {
    if (error !== undefined) throw Object.assign(new Error(`${method}: ${error.message}`), error);
    return result;
  };
  return {
    raw: async (method, params) =>
      resultOf((await post({ jsonrpc: '2.0', id: 1, method, params })) as Answer, method),
    views: async (asks) => {
      const calls = asks.map(({ to, data }, id) => {
        return { jsonrpc: '2.0', id, method: 'eth_call', params: [{ to, data }, 'latest'] };
      });
      const answers = (await post(calls)) as Answer[];
      const found: Hex[] = [];
      for (const answer of answers) found[answer.id] = resultOf(answer, 'eth_call') as Hex;
      return found;
    },
  };
}

async function reasonOf(raw: Raw, request: object): Promise<string> {
  try {
    await raw('eth_call', [request, 'latest']);
    return 'none when tried again';
  } catch (error) {
    const data = (error as { data?: unknown }).data;
    if (typeof data !== 'string') return String(error);
    return errorNames.get(data.slice(0, 10)) ?? data.slice(0, 10);
  }
}

type Ask = { readonly to: Address; readonly data: Hex; readonly read: (data: Hex) => unknown };

function ask(to: Address, abi: Abi, functionName: string, args: readonly unknown[] = []): Ask {
  const data = encodeFunctionData({ abi, functionName, args });
  return {
    to,
    data,
    read: (answer) => decodeFunctionResult({ abi, functionName, args, data: answer }),
  };
}

/** Every view that is read after an operation, encoded once. */
function asksOf(venue: Venue, users: readonly number[], pool: number) {
  const house = (name: string, args: readonly unknown[] = []) =>
    ask(venue.clearingHouse, iVenueAbi as Abi, name, args);
  const of = (name: string, to: Address, fn: string, args: readonly unknown[] = []) =>
    ask(to, artifact(name).abi, fn, args);
  const ids = Array.from({ length: marketsCount }, (_, i) => i);
  const scopes = Array.from({ length: marketsCount + 1 }, (_, i) => i);
  const accounts = [0, 1, ...users, pool, ...ids.map((id) => firstFundAccount + id)];
  const lanes = users.flatMap((id) =>
    Array.from({ length: lanesCount }, (_, i) => [id, i + 1] as const),
  );
  const once: Ask[] = [
    of('Vault', venue.vault, 'liabilities'),
    of('Vault', venue.vault, 'queued'),
    of('TestToken', venue.token, 'balanceOf', [venue.vault]),
    house('batchNumber'),
    house('batchHead'),
    of('Oracle', venue.oracle, 'last'),
    of('ForcedQueue', venue.forcedQueue, 'state'),
  ];
  return {
    accounts,
    lanes,
    lists: [
      accounts.map((id) => house('account', [id])),
      ids.map((id) => house('market', [id])),
      ids.map((id) => of('Oracle', venue.oracle, 'quote', [id])),
      ids.map((id) => house('levy', [id])),
      lanes.map(([id, lane]) => house('lane', [id, lane])),
      scopes.map((scope) => of('Breaker', venue.breaker, 'level', [scope])),
      scopes.map((scope) => of('Breaker', venue.breaker, 'entry', [scope])),
      ids.map((id) => of('Parameters', venue.parameters, 'market', [id])),
      once,
    ],
  };
}

type Tuple = readonly [string, bigint, number, readonly { market: number; size: bigint }[]];

async function readSeen(
  views: (asks: readonly Ask[]) => Promise<Hex[]>,
  venue: Venue,
  asks: ReturnType<typeof asksOf>,
): Promise<Seen> {
  const all = asks.lists.flat();
  const answers = await views(all);
  const found = all.map(({ read }, i) => read(answers[i] as Hex));
  const lists = asks.lists.map((list) => found.splice(0, list.length));
  const [accounts, markets, quotes, levies, lanes, levels, entries, params, once] = lists as [
    Tuple[],
    [bigint, number, bigint][],
    [number, number, number][],
    bigint[],
    [number, number | bigint][],
    number[],
    (number | bigint)[][],
    { maintenancePpm: number; initialPpm: number }[],
    unknown[],
  ];
  const [liabilities, queued, balance, batch, head, last, forced] = once as [
    bigint,
    bigint,
    bigint,
    bigint,
    Hex,
    [number, number],
    [bigint, bigint, number],
  ];
  return {
    time: venue.chain.time - 1,
    accounts: new Map(
      accounts.map(([owner, cash, epoch, held], i) => {
        const sizes = new Map(held.map(({ market, size }) => [market, Number(size)]));
        return [asks.accounts[i] as number, { owner, cash, epoch, sizes }];
      }),
    ),
    markets: markets.map(([index, fundingTime, openInterest], i) => {
      const [price, mark, priceTime] = quotes[i] as [number, number, number];
      const levy = levies[i] as bigint;
      return {
        index,
        fundingTime,
        openInterest: Number(openInterest),
        price,
        mark,
        priceTime,
        levy,
      };
    }),
    lanes: new Map(
      lanes.map(([seq, filled], i) => [
        (asks.lanes[i] as readonly number[]).join('/'),
        { seq, filled: Number(filled) },
      ]),
    ),
    ...{ liabilities, queued, balance, batch, head, levels, params },
    round: last[0],
    roundTime: last[1],
    forced: { next: Number(forced[0]), count: Number(forced[1]), deadline: forced[2] },
    entries: entries.map((entry) => entry.map(Number)),
  };
}
