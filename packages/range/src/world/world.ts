/**
 * The world of a scenario: a real venue on a chain of its own, people with keys, and verbs that
 * read as a story. Every verb mines a block and tells how it ended.
 */
import type { SignedOrder } from '@holdfast/order';
import type { Hex } from '@holdfast/units';
import type { Edit } from '../solidity/sources.ts';
import { compileAblated, install } from './ablate.ts';
import { type ContractName, Ground } from './ground.ts';
import type { Person } from './memory.ts';
import { type BatchWish, batchOf, type FillWish, type OrderWish, signedOrder } from './orders.ts';
import { type Prices, type ReportWish, reportOf } from './reports.ts';
import type { Outcome } from './send.ts';
import { openWatch, type Watch, type WatchOptions } from './watch.ts';

export class World extends Ground {
  /** Attaches a sentinel: it looks after every block from now on, and acts if it has a key. */
  async sentinel(options: WatchOptions = {}): Promise<Watch> {
    const watch = await openWatch(this, options);
    this.watches.push(watch);
    return watch;
  }

  /**
   * From now on contracts of the venue have a fault, as if it had been in them: the premise of an
   * attack on what must hold when code does not.
   */
  async breach(contracts: readonly string[], edits: readonly Edit[]): Promise<void> {
    const codes = await compileAblated(this.compiler, contracts, edits);
    await install(this.rpc, this.placed, codes);
    this.note('attack', 'attacker', `breaches ${contracts.join(', ')}`);
  }

  // ---------------------------------------------------------------- people
  /** Somebody with an account and so many whole tokens in it. */
  async user(name: string, deposit: number | bigint): Promise<Person> {
    return this.#join(name, deposit, false);
  }

  /** Somebody who means harm: what it gains is what others lost. */
  async attacker(name: string, deposit: number | bigint): Promise<Person> {
    return this.#join(name, deposit, true);
  }

  /** An address, such as a contract, that counts as an attacker's. */
  hostile(name: string, address: Hex): void {
    this.memory.people.set(name, { name, address, account: 0, isAttacker: true });
  }

  /** An address, such as a contract, whose tokens are an honest party's. */
  honest(name: string, address: Hex): void {
    this.memory.people.set(name, { name, address, account: 0, isAttacker: false });
  }

  async #join(name: string, deposit: number | bigint, isAttacker: boolean): Promise<Person> {
    const { address } = this.key(name);
    const account = Number(await this.read('clearingHouse', 'accountsCount'));
    const amount = this.tokens(deposit);
    const { clearingHouse, vault, token } = this.venue.contracts;
    const wish = (to: Hex, contract: ContractName, functionName: string, args: unknown[]) => ({
      by: name,
      what: functionName,
      request: { to, data: this.encode(contract, functionName, args), gas: 3_000_000n },
    });
    const wishes = [wish(clearingHouse, 'clearingHouse', 'openAccount', [address])];
    if (amount > 0n) {
      wishes.push(
        wish(token, 'token', 'mint', [address, amount]),
        wish(token, 'token', 'approve', [vault, amount]),
        wish(clearingHouse, 'clearingHouse', 'deposit', [token, account, amount]),
      );
    }
    const person = { name, address: address as Hex, account, isAttacker };
    this.memory.people.set(name, person);
    await this.together(wishes);
    return person;
  }

  /** Tokens for somebody's wallet, from the faucet. */
  async mint(name: string, amount: number | bigint): Promise<Outcome> {
    const to = this.memory.people.get(name)?.address ?? (this.key(name).address as Hex);
    return this.call('deployer', 'token', 'mint', [to, this.tokens(amount)]);
  }

  async deposit(name: string, amount: number | bigint): Promise<Outcome> {
    const { account } = this.person(name);
    const { token, vault } = this.venue.contracts;
    const units = this.tokens(amount);
    await this.call(name, 'token', 'approve', [vault, units], { what: 'approves the vault' });
    const what = `deposits ${amount}`;
    return this.call(name, 'clearingHouse', 'deposit', [token, account, units], { what });
  }

  /** Asks for so many whole tokens, or for units of the token as a bigint. */
  async withdraw(name: string, amount: number | bigint, report: Hex = '0x'): Promise<Outcome> {
    const { account, address } = this.person(name);
    const units = typeof amount === 'bigint' ? amount : this.tokens(amount);
    const what = `withdraws ${amount}`;
    const args = [account, units, address, report];
    return this.call(name, 'clearingHouse', 'withdraw', args, { what });
  }

  /** Equity and margins of somebody's account, quote units. */
  async health(name: string): Promise<{ equity: bigint; initial: bigint; maintenance: bigint }> {
    const { account } = this.person(name);
    const found = await this.read('clearingHouse', 'health', account);
    const [equity, initial, maintenance] = found as [bigint, bigint, bigint];
    return { equity, initial, maintenance };
  }

  // ---------------------------------------------------------------- prices and trades

  /** A report of these prices, known to the chain by the sequencer's hand. */
  async price(prices: Prices, wish: ReportWish = {}): Promise<Outcome> {
    const report = reportOf(this, prices, wish);
    const what = Object.entries(prices).map(([symbol, price]) => `${symbol} ${price}`);
    const outcome = await this.call(this.memory.sequencer, 'clearingHouse', 'push', [report], {
      what: `reports ${what.join(', ')}`,
    });
    if (outcome.ok) await this.learnPrices();
    return outcome;
  }

  /** Takes the prices that the oracle has now as the last ones. */
  async learnPrices(): Promise<void> {
    for (const { id } of this.venue.markets) {
      const [price] = (await this.read('oracle', 'price', id)) as [number];
      if (price > 0) this.memory.prices.set(id, Number(price));
    }
  }

  /** Bytes of a report, sent by nobody. */
  report(prices: Prices, wish: ReportWish = {}): Hex {
    return reportOf(this, prices, wish);
  }

  /** Somebody's signed order; it goes nowhere. */
  order(name: string, wish: OrderWish): Promise<SignedOrder> {
    return signedOrder(this, name, wish);
  }

  /** A batch with these fills, by the sequencer. */
  async settle(fills: readonly FillWish[], wish: BatchWish & { what?: string } = {}) {
    const data = await batchOf(this, fills, wish);
    const to = this.venue.contracts.clearingHouse;
    return this.send(this.memory.sequencer, wish.what ?? `settles ${fills.length} fills`, {
      to,
      data,
    });
  }

  /** Two people trade at a price: both sign, the sequencer settles. */
  async trade(
    buyer: string,
    seller: string,
    { market, size, price }: Omit<OrderWish, 'side'>,
  ): Promise<Outcome> {
    const maker = await this.order(seller, { market, size, price, side: 'sell' });
    const taker = await this.order(buyer, { market, size, price, side: 'buy' });
    const what = `settles ${buyer} buys ${size} ${market} of ${seller} at ${price}`;
    return this.settle([{ maker, taker }], { what });
  }

  async cancelLane(name: string, lane: number, seq: number): Promise<Outcome> {
    const args = [this.person(name).account, lane, seq];
    return this.call(name, 'clearingHouse', 'cancelLane', args, { what: `cancels lane ${lane}` });
  }

  async cancelAll(name: string): Promise<Outcome> {
    const args = [this.person(name).account];
    return this.call(name, 'clearingHouse', 'cancelAll', args, { what: 'cancels everything' });
  }

  /** `keeper` takes over lots of `victim` for its own account. */
  async liquidate(
    keeper: string,
    victim: string,
    market: string,
    size: number | string,
    report: Hex = '0x',
  ): Promise<Outcome> {
    const lots = this.lots(market, size);
    const { account } = this.person(victim);
    const own = this.person(keeper).account;
    const args = [account, this.market(market).id, lots, own, report];
    const what = `liquidates ${size} ${market} of ${victim}`;
    return this.call(keeper, 'clearingHouse', 'liquidate', args, { what });
  }
}
