/**
 * What the verbs of a world stand on: time that is told to the chain, requests that are mined at
 * once and tell how they ended, and who is an attacker. Nothing looks at a clock.
 */
import * as abis from '@holdfast/abi';
import type { Venue, VenueMarket } from '@holdfast/host';
import {
  EnvironmentError,
  type Hex,
  invariant,
  isRejection,
  parsePrice,
  parseSize,
} from '@holdfast/units';
import type { Rpc } from '@holdfast/venue';
import { type Abi, decodeFunctionResult, encodeDeployData, encodeFunctionData } from 'viem';
import type { LocalAccount } from 'viem/accounts';
import type { Compiler } from '../solidity/compiler.ts';
import { solidityFolder } from '../solidity/own.ts';
import type { Entry, Mode } from '../types.ts';
import { mineAt } from './chain.ts';
import { choice, type Keys } from './keys.ts';
import type { Memory, Person } from './memory.ts';
import { callMany, callRaw, type Outcome, outcomeOf, type Request, submit } from './send.ts';
import type { Placed, Stack } from './stack.ts';
import type { Watch } from './watch.ts';
import { worthOf } from './worth.ts';

/** Seconds between two blocks. */
export const blockSeconds = 2;

/** Scope of the breaker that tightens withdrawals. */
const withdrawals = 257;

/** Contracts by the names that verbs use. */
const interfaces = {
  clearingHouse: abis.clearingHouseAbi,
  vault: abis.vaultAbi,
  oracle: abis.oracleAbi,
  verifier: abis.quorumVerifierAbi,
  breaker: abis.breakerAbi,
  parameters: abis.parametersAbi,
  laws: abis.lawsAbi,
  token: abis.testTokenAbi,
  backstop: abis.backstopAbi,
  steward: abis.stewardAbi,
  forcedQueue: abis.forcedQueueAbi,
} as const;
export type ContractName = keyof typeof interfaces;

/** One question to the venue. */
export interface Reading {
  readonly contract: ContractName;
  readonly functionName: string;
  readonly args?: readonly unknown[];
}

export interface GroundOptions {
  readonly rpc: Rpc;
  readonly stack: Stack;
  readonly keys: Keys;
  readonly seed: string;
  readonly compiler: Compiler;
  readonly memory: Memory;
  readonly forcedQueue: Hex;
}

export class Ground {
  readonly rpc: Rpc;
  readonly venue: Venue;
  readonly stack: Stack;
  readonly keys: Keys;
  readonly seed: string;
  readonly compiler: Compiler;
  /** Contracts by the name of their source: the venue's, and what the scenario added to them. */
  readonly placed: Map<string, Placed>;
  memory: Memory;
  mode: Mode = 'attack';
  /** Before the snapshot a refusal is a fault of the scenario. */
  isSetup = true;
  /** What everybody has is measured after each block, for the timeline. */
  isMeasured = true;
  watches: Watch[] = [];
  off: ReadonlySet<string> = new Set();
  /** Block and second of the snapshot. */
  origin = { block: 0, second: 0 };
  #attacking = false;
  readonly #forcedQueue: Hex;

  constructor(options: GroundOptions) {
    [this.rpc, this.stack] = [options.rpc, options.stack];
    this.venue = { ...options.stack.venue, markets: [...options.stack.venue.markets] };
    [this.keys, this.seed, this.compiler] = [options.keys, options.seed, options.compiler];
    [this.memory, this.#forcedQueue] = [options.memory, options.forcedQueue];
    this.placed = new Map(options.stack.placed);
  }

  // ---------------------------------------------------------------- who and what

  /** Token units per quote unit. */
  get scale(): bigint {
    return 10n ** BigInt(Math.max(this.venue.token.decimals - 6, 0));
  }

  /** Token units of so many whole tokens. */
  tokens(amount: number | bigint): bigint {
    return BigInt(amount) * 10n ** BigInt(this.venue.token.decimals);
  }

  market(symbol: string): VenueMarket {
    const found = this.venue.markets.find((each) => each.symbol === symbol);
    invariant(found !== undefined, `the venue has no market ${symbol}`);
    return found;
  }

  /** From now on the world knows a market that is to be listed. */
  know(market: VenueMarket): void {
    if (!this.venue.markets.some(({ symbol }) => symbol === market.symbol)) {
      this.venue.markets.push(market);
    }
  }

  /** A price as ticks. @throws AssertionError where it is no whole number of them */
  ticks(symbol: string, price: number | string): number {
    const parsed = parsePrice(String(price), this.market(symbol).tickSize);
    invariant(!isRejection(parsed), `${price} is no price of ${symbol}`);
    return parsed;
  }

  /** A size as lots. @throws AssertionError where it is no whole number of them */
  lots(symbol: string, size: number | string): number {
    const parsed = parseSize(String(size), this.market(symbol).lotSize);
    invariant(!isRejection(parsed), `${size} is no size of ${symbol}`);
    return parsed;
  }

  people(): IterableIterator<Person> {
    return this.memory.people.values();
  }

  person(name: string): Person {
    const found = this.memory.people.get(name);
    invariant(found !== undefined, `nobody is called ${name}`);
    return found;
  }

  /** Whoever signs under this name, with or without an account. */
  key(name: string): LocalAccount {
    return this.keys.account(name);
  }

  /** Addresses of attackers, lower case. */
  attackers(): Set<string> {
    const hostile = [...this.people()].filter(({ isAttacker }) => isAttacker);
    return new Set(hostile.map(({ address }) => address.toLowerCase()));
  }

  addressOf(contract: ContractName): Hex {
    if (contract === 'forcedQueue') return this.#forcedQueue;
    const found = this.venue.contracts[contract];
    invariant(found !== undefined, `the venue has no ${contract}`);
    return found;
  }

  /** Whether an ablation switched this part off. */
  isOff(name: string): boolean {
    return this.off.has(name);
  }

  /** A number from the seed, 0 … below - 1. */
  random(below: number): number {
    this.memory.choices += 1;
    return choice(this.seed, this.memory.choices, below);
  }

  // ---------------------------------------------------------------- time

  /** Mines a block `seconds` after the last one. */
  async mine(seconds = blockSeconds): Promise<void> {
    const { memory } = this;
    memory.time += seconds;
    await mineAt(this.rpc, memory.time, memory.baseFee);
    if (this.watches.length > 0) {
      const block = await this.block();
      for (const watch of this.watches) await watch.step(block);
    }
    if (this.isSetup || !this.isMeasured) return;
    const level = Number(await this.read('breaker', 'level', withdrawals));
    if (level > 0) memory.tightSeconds += seconds + memory.skipped;
    memory.skipped = 0;
  }

  /** Lets time pass without a block: the next one comes that much later. */
  later(seconds: number): void {
    this.memory.time += seconds;
    this.memory.skipped += seconds;
  }

  /** Lets time pass: one block at the end of it. */
  async wait(seconds: number): Promise<void> {
    await this.mine(seconds);
  }

  async block(): Promise<number> {
    return Number(await this.rpc('eth_blockNumber'));
  }

  // ---------------------------------------------------------------- requests

  /** Sends one request and mines it. */
  async send(by: string, what: string, request: Request): Promise<Outcome> {
    const [outcome] = await this.together([{ by, what, request }]);
    return outcome as Outcome;
  }

  /** Several requests in one block, in this order for each sender. */
  async together(
    wishes: readonly { by: string; what: string; request: Request }[],
  ): Promise<Outcome[]> {
    const hashes: Hex[] = [];
    for (const { by, request } of wishes) {
      const nonce = this.memory.nonces.get(by) ?? (await this.#firstNonce(by));
      hashes.push(await submit(this.rpc, this.key(by), nonce, request));
      this.memory.nonces.set(by, nonce + 1);
    }
    await this.mine();
    const outcomes: Outcome[] = [];
    for (const [i, hash] of hashes.entries()) {
      const outcome = await outcomeOf(this.rpc, hash);
      outcomes.push(outcome);
      const { by, what } = wishes[i] as (typeof wishes)[number];
      this.#judge(by, what, outcome);
    }
    if (!this.isSetup && this.isMeasured) await this.sample();
    return outcomes;
  }

  async #firstNonce(by: string): Promise<number> {
    const { address } = this.key(by);
    await this.rpc('anvil_setBalance', [address, '0xffffffffffffffffffff']);
    return Number(await this.rpc('eth_getTransactionCount', [address, 'latest']));
  }

  #judge(by: string, what: string, outcome: Outcome): void {
    const { ok, error, block } = outcome;
    if (this.isSetup) {
      if (ok) return;
      throw new EnvironmentError('ScenarioBroken', `before the story, ${by} ${what}: ${error}`);
    }
    const isHostile = this.#attacking || this.memory.people.get(by)?.isAttacker === true;
    this.note(isHostile ? 'attack' : 'step', by, what, ok ? 'ok' : error, block);
    if (!ok && !isHostile) this.memory.refused.push(`${by} ${what}: ${error}`);
  }

  note(kind: Entry['kind'], who: string, what: string, outcome = 'ok', block = -1): void {
    const at = block < 0 ? -1 : block - this.origin.block;
    const second = this.memory.time - this.origin.second;
    this.memory.timeline.push({ kind, block: at, second, who, what, outcome });
  }

  /** Calls a function of the venue. @param what as the timeline tells it */
  async call(
    by: string,
    contract: ContractName,
    functionName: string,
    args: readonly unknown[] = [],
    more: Pick<Request, 'value' | 'gas' | 'tip'> & { what?: string } = {},
  ): Promise<Outcome> {
    const { what = functionName, ...rest } = more;
    const data = this.encode(contract, functionName, args);
    return this.send(by, what, { to: this.addressOf(contract), data, ...rest });
  }

  encode(contract: ContractName, functionName: string, args: readonly unknown[] = []): Hex {
    const abi = interfaces[contract] as Abi;
    return encodeFunctionData({ abi, functionName, args } as never);
  }

  /** Reads from the venue at the newest block. */
  async read(contract: ContractName, functionName: string, ...args: unknown[]): Promise<unknown> {
    const abi = interfaces[contract] as Abi;
    const data = encodeFunctionData({ abi, functionName, args } as never);
    const answer = await callRaw(this.rpc, this.addressOf(contract), data);
    return decodeFunctionResult({ abi, functionName, data: answer } as never);
  }

  /** Several such reads at once. */
  async readMany(wishes: readonly Reading[]): Promise<unknown[]> {
    const calls = wishes.map(({ contract, functionName, args = [] }) => ({
      to: this.addressOf(contract),
      data: this.encode(contract, functionName, args),
    }));
    const answers = await callMany(this.venue.rpcUrl, calls);
    return wishes.map(({ contract, functionName }, i) => {
      const abi = interfaces[contract] as Abi;
      return decodeFunctionResult({ abi, functionName, data: answers[i] } as never);
    });
  }

  /** Tokens of an address, token units. */
  async balance(of: Hex): Promise<bigint> {
    return (await this.read('token', 'balanceOf', of)) as bigint;
  }

  /** Deploys a contract of packages/range/src/solidity. @returns its address */
  async deploy(
    by: string,
    file: string,
    name: string,
    types: readonly string[] = [],
    args: readonly unknown[] = [],
  ): Promise<Hex> {
    const sources = solidityFolder();
    const bytecode = await this.compiler.compile({ file, name, sources, light: false });
    const inputs = types.map((type, i) => ({ type, name: `a${i}` }));
    const abi = [{ type: 'constructor', inputs, stateMutability: 'nonpayable' }];
    const data = encodeDeployData({ abi: abi as unknown as Abi, bytecode, args } as never);
    const { created, error } = await this.send(by, `deploys ${name}`, { data });
    invariant(created !== undefined && error === '', `${name} could not be deployed: ${error}`);
    return created;
  }

  // ---------------------------------------------------------------- the attacker

  /**
   * What the attacker does: left out of the control run. Keys of the venue's own people that are
   * used inside are in the attacker's hand; what is refused inside is no honest request.
   *
   * @returns undefined in the control run
   */
  async attack<T>(what: string, act: () => Promise<T>): Promise<T | undefined> {
    if (this.mode === 'control') return undefined;
    this.note('attack', 'attacker', what, '');
    this.#attacking = true;
    try {
      return await act();
    } finally {
      this.#attacking = false;
    }
  }

  /** What everybody has now, at the last prices: a point of the timeline. */
  async sample(): Promise<void> {
    const { others, attackers } = await worthOf(this, this.memory.prices);
    const prices = Object.fromEntries(
      this.venue.markets.map(({ id, symbol }) => [symbol, this.memory.prices.get(id) ?? 0]),
    );
    const block = (await this.block()) - this.origin.block;
    const second = this.memory.time - this.origin.second;
    this.memory.samples.push({ block, second, others, attackers, prices });
  }
}
