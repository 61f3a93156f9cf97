/** Plays a sequence from the snapshot: what became of each step, and of everybody's money. */

import { errorMessage } from '@holdfast/host';
import type { SignedOrder } from '@holdfast/order';
import type { Hex } from '@holdfast/units';
import { encodeFunctionData } from 'viem';
import type { Memory } from '../world/memory.ts';
import { batchOf, type FillWish } from '../world/orders.ts';
import { openWatch } from '../world/watch.ts';
import type { World } from '../world/world.ts';
import { type Worth, worthOf } from '../world/worth.ts';
import { accountOf, encodeCall, reportOf } from './resolve.ts';
import { type Event, intelligence } from './stage.ts';
import { type Call, type OrderRef, type Role, type Step, stepText } from './steps.ts';

/** What one life came to. */
export interface Life {
  readonly worth: Worth;
  /** Steps that the chain took, by what they were: what makes a sequence worth keeping. */
  readonly marks: ReadonlySet<string>;
  readonly lawsBroken: readonly string[];
  readonly lines: readonly string[];
  readonly steps: number;
  readonly finalHash: Hex;
}

export interface Ground {
  readonly world: World;
  readonly roles: readonly Role[];
  readonly day: readonly Event[];
  /** Prices at which every life is valued: those that the day ends with. */
  readonly reference: ReadonlyMap<number, number>;
  snapshot: string;
  readonly memory: Memory;
}

const puppetAbi = [
  {
    type: 'function',
    name: 'act',
    stateMutability: 'nonpayable',
    inputs: ['first', 'inside'].map((name) => ({
      name,
      type: 'tuple[]',
      components: [
        { name: 'to', type: 'address' },
        { name: 'gasMax', type: 'uint256' },
        { name: 'data', type: 'bytes' },
      ],
    })),
    outputs: [{ name: 'passed', type: 'uint256' }],
  },
] as const;

/** Who can sign prices. */
const liars: readonly Role[] = ['reporter', 'reporters', 'majority'];
const gasUsual = 8_000_000n;
const gasPuppet = 60_000_000n;

/** A point to which the chain can go back. */
interface Point {
  readonly snapshot: string;
  readonly memory: Memory;
  /** Honest events that had happened. */
  readonly events: number;
}

class Player {
  readonly ground: Ground;
  readonly world: World;
  readonly marks = new Set<string>();
  readonly lines: string[] = [];
  readonly broken = new Set<string>();
  known: SignedOrder[] = [];
  points: Point[] = [];
  events = 0;
  #watch: Awaited<ReturnType<typeof openWatch>> | undefined;

  constructor(ground: Ground) {
    [this.ground, this.world] = [ground, ground.world];
  }

  async open(isWatched: boolean): Promise<void> {
    const { world, ground } = this;
    await world.rpc('anvil_dropAllTransactions');
    await world.rpc('evm_revert', [ground.snapshot]);
    ground.snapshot = (await world.rpc('evm_snapshot')) as string;
    world.memory = structuredClone(ground.memory);
    [world.mode, world.isSetup, world.isMeasured] = ['attack', false, false];
    world.origin = { block: await world.block(), second: world.memory.time };
    world.watches = [];
    if (isWatched) {
      this.#watch = await openWatch(world);
      world.watches.push(this.#watch);
    }
    this.known = await intelligence(world);
  }

  async close(steps: number): Promise<Life> {
    const { world } = this;
    while (this.events < this.ground.day.length) await this.#honest();
    for (const law of this.#watch?.broken ?? []) this.broken.add(law);
    world.watches = [];
    const worth = await worthOf(world, this.ground.reference);
    const head = (await world.rpc('eth_getBlockByNumber', ['latest', false])) as { hash: Hex };
    const { marks, lines } = this;
    const lawsBroken = [...this.broken];
    return { worth, marks, lines, lawsBroken, steps, finalHash: head.hash };
  }

  async step(step: Step, hasReorgs: boolean): Promise<void> {
    if (hasReorgs) await this.#remember();
    const outcome = await this.#do(step);
    this.lines.push(`${stepText(step)}: ${outcome}`);
    const what = step.do === 'call' ? `${step.by}/${step.contract}.${step.fn}` : step.do;
    this.marks.add(`${what}: ${outcome}`);
  }

  async #do(step: Step): Promise<string> {
    switch (step.do) {
      case 'honest':
        return this.#honest();
      case 'wait':
        await this.world.wait(step.seconds);
        return 'ok';
      case 'call':
        return this.#call(step.by, step);
      case 'puppet':
        return this.#puppet(step);
      case 'settle':
        return this.#settle(step);
      case 'reorg':
        return this.#reorg(step.steps);
    }
  }

  async #remember(): Promise<void> {
    const snapshot = (await this.world.rpc('evm_snapshot')) as string;
    const memory = structuredClone(this.world.memory);
    this.points.push({ snapshot, memory, events: this.events });
  }

  async #honest(): Promise<string> {
    const event = this.ground.day[this.events];
    if (event === undefined) return 'nothing left';
    this.events += 1;
    const outcome = (await event(this.world)) as { ok: boolean; error: string };
    return outcome.ok ? 'ok' : outcome.error;
  }

  /** Back to before so many steps; what honest people did since is mined once more. */
  async #reorg(steps: number): Promise<string> {
    // The newest point is that of this very step.
    const at = Math.max(0, this.points.length - 1 - steps);
    const point = this.points[at];
    if (point === undefined) return 'nothing to forget';
    const { world, events: until } = this;
    this.points = this.points.slice(0, at);
    await world.rpc('evm_revert', [point.snapshot]);
    // Rounds and sequence numbers that were signed stay signed.
    const { round, seqs } = world.memory;
    world.memory = { ...structuredClone(point.memory), round, seqs };
    this.events = point.events;
    while (this.events < until) await this.#honest();
    return 'ok';
  }

  /** Asks first: what is refused costs no block. */
  async #try(by: string, what: string, request: { to: Hex; data: Hex; gas: bigint }) {
    const { world } = this;
    const from = by === 'puppet' ? 'mallory' : by;
    const gas = `0x${request.gas.toString(16)}`;
    const { to, data } = request;
    const call = { from: world.key(from).address, to, data, gas };
    try {
      const answer = (await world.rpc('eth_call', [call, 'latest'])) as Hex;
      if (by === 'puppet' && BigInt(answer) === 0n) return 'refused inside';
    } catch (error) {
      return `refused ${errorMessage(error)
        .replaceAll(/\d+|0x[0-9a-f]+/g, '')
        .slice(0, 90)}`;
    }
    const outcome = await world.send(from, what, request);
    // The next lie begins where this one led.
    if (outcome.ok && this.ground.roles.some((role) => liars.includes(role))) {
      await world.learnPrices();
    }
    return outcome.ok ? 'ok' : outcome.error;
  }

  async #call(by: string, call: Call): Promise<string> {
    const { world, ground } = this;
    const request = await encodeCall(world, call, ground.roles);
    if (request === undefined) return 'makes no sense';
    const gas = call.gas === undefined ? gasUsual : BigInt(call.gas);
    return this.#try(by, call.fn, { ...request, gas });
  }

  async #puppet({ first, inside }: Extract<Step, { do: 'puppet' }>): Promise<string> {
    const { world, ground } = this;
    const encoded = async (calls: readonly Call[]) => {
      const made: { to: Hex; gasMax: bigint; data: Hex }[] = [];
      for (const call of calls) {
        const request = await encodeCall(world, call, ground.roles);
        const gasMax = call.gas === undefined ? gasUsual : BigInt(call.gas);
        if (request !== undefined) made.push({ ...request, gasMax });
      }
      return made;
    };
    const args = [await encoded(first), await encoded(inside)] as const;
    if (args[0].length === 0) return 'makes no sense';
    const data = encodeFunctionData({ abi: puppetAbi, functionName: 'act', args });
    const to = world.person('puppet').address;
    return this.#try('puppet', 'acts', { to, data, gas: gasPuppet });
  }

  async #order(ref: OrderRef, market: string): Promise<SignedOrder | undefined> {
    const { world } = this;
    let order: SignedOrder | undefined;
    if ('known' in ref) order = this.known[ref.known];
    else {
      const { by, side, size, ppm } = ref;
      const last = world.memory.prices.get(world.market(market).id) ?? 0;
      const price = Math.round((last * ppm) / 1_000_000);
      order = await world.order(by, { market, side, size, price: 1, fields: { price } });
      this.known.push(order);
    }
    if (order === undefined || ref.after === undefined) return order;
    const fields = Object.entries(ref.after).map(([field, value]) => {
      if (typeof value === 'boolean') return [field, value] as const;
      return [field, value.startsWith('#') ? accountOf(world, value) : Number(value)] as const;
    });
    return { ...order, ...Object.fromEntries(fields) } as SignedOrder;
  }

  async #settle({ market, fills, report }: Extract<Step, { do: 'settle' }>): Promise<string> {
    const { world, ground } = this;
    const wishes: FillWish[] = [];
    for (const { maker, taker, ppm } of fills) {
      const [one, other] = [await this.#order(maker, market), await this.#order(taker, market)];
      if (one === undefined || other === undefined) return 'no such order';
      const price = ppm === undefined ? {} : { price: Math.round((one.price * ppm) / 1_000_000) };
      wishes.push({ maker: one, taker: other, ...price });
    }
    try {
      const bytes = report === undefined ? '0x' : reportOf(world, report, ground.roles);
      const data = await batchOf(world, wishes, { report: bytes });
      const to = world.venue.contracts.clearingHouse;
      return await this.#try('sequencer', 'settles', { to, data, gas: gasUsual });
    } catch (error) {
      return `makes no sense: ${errorMessage(error).slice(0, 60)}`;
    }
  }
}

/**
 * One life. The same steps on the same ground give the same blocks.
 *
 * @param isWatched whether the laws are judged at each block; it takes several times as long
 */
export async function play(
  ground: Ground,
  steps: readonly Step[],
  isWatched: boolean,
): Promise<Life> {
  const player = new Player(ground);
  await player.open(isWatched);
  const hasReorgs = steps.some(({ do: kind }) => kind === 'reorg');
  for (const step of steps) await player.step(step, hasReorgs);
  return player.close(steps.length);
}
