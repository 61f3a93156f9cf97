/** Traders at the other end of a bad line: what they asked for, and what they were told. */
import type { Command } from '@holdfast/core';
import type { Answer, Input } from '@holdfast/node';
import type { SignedOrder } from '@holdfast/order';
import type { SimReport } from '@holdfast/settle/sim';
import type { Random } from '@holdfast/trader';
import { fromHex, toHex } from '@holdfast/units';
import { type SimChain, traders } from './chain.ts';
import type { Running } from './process.ts';
import type { Time } from './time.ts';

/** What a trader was told of one order. */
export interface Ack {
  readonly clientId: string;
  readonly account: number;
  /** Place and head of the receipt chain. */
  readonly seq: number;
  readonly head: string;
  readonly status: string;
}

export interface Line {
  /** Milliseconds one way. */
  delayMs: number;
  lossShare: number;
  twiceShare: number;
}

interface Asked {
  readonly clientId: string;
  readonly order: SignedOrder;
  told: Ack | undefined;
}

const retryMs = 1_500;

export class Clients {
  readonly line: Line = { delayMs: 15, lossShare: 0, twiceShare: 0 };
  readonly asked: Asked[] = [];
  readonly wrong: string[] = [];
  #seq = 0;
  #round = 0;
  readonly #time: Time;
  readonly #random: Random;
  readonly #chain: SimChain;
  /** The process that listens now. */
  readonly #running: () => Running | undefined;

  constructor(time: Time, random: Random, chain: SimChain, running: () => Running | undefined) {
    [this.#time, this.#random, this.#chain, this.#running] = [time, random, chain, running];
  }

  /** Over the line: perhaps lost, perhaps twice, late. */
  #carry(act: () => void): void {
    const random = this.#random;
    const { lossShare, twiceShare, delayMs } = this.line;
    if (random.chance(lossShare)) return;
    const copies = random.chance(twiceShare) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      this.#time.after(this.#time.about(delayMs), this.#time.world, act);
    }
  }

  /** A new price, for the node and, with the next batch, for the chain. */
  report(): void {
    this.#round += 1;
    const random = this.#random;
    const quotes = [100, 200].map((price, market) => {
      const now = price + random.below(9) - 4;
      return { market, price: now, mark: now, rate: random.below(100_000) - 50_000 };
    });
    const report: SimReport = { round: this.#round, time: this.#chain.second(), quotes };
    this.#chain.reports.set(report.round, report);
    const raw = `0x${report.round.toString(16).padStart(8, '0')}`;
    const input = { type: 'report', report, raw } as unknown as Omit<Command, 'at'>;
    this.#carry(() =>
      this.#running()
        ?.engine.submit([input as never])
        .catch(() => undefined),
    );
  }

  /** Somebody asks for an order, and asks again until told. */
  order(): void {
    const random = this.#random;
    this.#seq += 1;
    const market = random.below(2);
    const order = {
      account: traders[random.below(traders.length)],
      market,
      isBuy: random.chance(0.5),
      size: 1 + random.below(20),
      price: (market === 0 ? 100 : 200) + random.below(13) - 6,
      timeInForce: 0,
      reduceOnly: false,
      postOnly: false,
      expiry: 2_000_000,
      lane: this.#seq % 12,
      seq: this.#seq,
      epoch: 0,
      signature: fromHex(`0x${this.#seq.toString(16).padStart(128, '0')}`),
    } as unknown as SignedOrder;
    const asked: Asked = { clientId: String(this.#seq), order, told: undefined };
    this.asked.push(asked);
    this.#ask(asked);
  }

  #ask(asked: Asked): void {
    if (asked.told !== undefined) return;
    this.#carry(() => this.#arrive(asked));
    this.#time.after(retryMs, this.#time.world, () => this.#ask(asked));
  }

  /** At the node: a repeated id gets its first answer again. */
  #arrive({ clientId, order }: Asked): void {
    const node = this.#running();
    if (node === undefined) return;
    const { account } = order;
    const id = `${account}/${clientId}`;
    const earlier = node.acks.earlier(account, clientId);
    const answer =
      earlier === undefined
        ? (node.pending.get(id) ?? this.#submit(node, id, { type: 'order', order, clientId }))
        : Promise.resolve(earlier);
    answer
      .then((found) => {
        // A process that has ended answers nobody.
        if (found === undefined || !node.owner.alive) return;
        const { seq, head } = found.link;
        const { status } = found;
        this.#carry(() => this.#told({ clientId, account, seq, head: toHex(head), status }));
      })
      // What was refused is asked again.
      .catch(() => undefined);
  }

  async #submit(node: Running, id: string, input: Input): Promise<Answer | undefined> {
    const answer = node.engine.submit([input]).then(([outcome]) => outcome?.answer);
    node.pending.set(id, answer);
    try {
      return await answer;
    } finally {
      node.pending.delete(id);
    }
  }

  #told(ack: Ack): void {
    const asked = this.asked.find(({ clientId }) => clientId === ack.clientId);
    if (asked === undefined) return;
    const before = asked.told;
    asked.told = ack;
    if (before !== undefined && before.head !== ack.head) {
      this.wrong.push(`order ${ack.clientId} has two receipts: ${before.seq} and ${ack.seq}`);
    }
  }
}
