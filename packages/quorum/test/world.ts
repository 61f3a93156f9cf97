/** A committee in one process: virtual time, a bad network, parties that crash or lie. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  agree,
  type Committee,
  type CommitteeTiming,
  createCommittee,
  type Envelope,
  type Event,
  everyone,
  headerOf,
  type Incoming,
  type Judge,
  noRecords,
  type Outgoing,
  type PartyKey,
  pass,
  type Random,
  type Records,
  type Roster,
  reshare,
  type Step,
  sign,
  signedBytes,
  take,
} from '@holdfast/quorum';
import { fromHex, type Hex, toHex } from '@holdfast/units';

/** Bytes from a seed; the same seed, the same bytes. */
export function randomOf(seed: string): Random {
  let count = 0;
  let pool = Buffer.alloc(0);
  return (length) => {
    while (pool.length < length) {
      const block = createHash('sha256').update(`${seed}/${count++}`).digest();
      pool = Buffer.concat([pool, block]);
    }
    const out = new Uint8Array(pool.subarray(0, length));
    pool = pool.subarray(length);
    return out;
  };
}

/** A number from 0 to `below` - 1. */
export const pick = (random: Random, below: number): number =>
  ((random(2)[0]! << 8) | random(1)[0]!) % below;

export const timing: CommitteeTiming = {
  phaseMs: 4_000,
  resendMs: 400,
  lingerMs: 4_000,
  answerMs: 1_500,
  requestMs: 20_000,
  retryMs: 200,
  leadMs: 1_000,
  statusMs: 2_000,
};

export type Faults = {
  /** Parts in a thousand. */
  readonly loss: number;
  readonly duplicate: number;
  readonly delayMsMax: number;
  /** Parts in a thousand after which an older envelope comes again, to anybody. */
  readonly replay?: number;
  /** Parts in a thousand of which a changed copy comes too, with the signature of the true one. */
  readonly forge?: number;
};
export const perfect: Faults = { loss: 0, duplicate: 0, delayMsMax: 1 };

/** Changes what a party sends; what comes out goes to its receivers. */
export type Lie = (message: Outgoing, world: World, self: PartyKey) => Outgoing[];

export type Node = {
  readonly key: PartyKey;
  readonly name: string;
  committee: Committee | undefined;
  disk: Records;
  lie: Lie | undefined;
  readonly events: Event[];
  judge: Judge;
};

type Flight = { readonly at: number; readonly to: PartyKey; readonly text: string; order: number };

const hash = (...parts: (string | Uint8Array)[]): Hex => {
  const h = createHash('sha512');
  for (const part of parts) h.update(part);
  return `0x${h.digest('hex')}`;
};

const partyOf = (seed: string, name: string) => ({
  name,
  key: hash('key', seed, name).slice(0, 66) as Hex,
  seal: hash('seal', seed, name).slice(0, 66) as Hex,
});

export function rosterOf(seed: string, threshold: number, names: readonly string[]): Roster {
  return {
    name: 'oracle',
    chainId: 31_337,
    contract: `0x${'11'.repeat(20)}`,
    threshold,
    parties: names.map((name) => partyOf(seed, name)),
  };
}

export const names = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay', 'gus', 'hal', 'ida', 'joe'];

/** The simulated world. Signatures are those of an oracle that alone knows the parties' secrets. */
export class World {
  now = 1_000_000;
  faults: Faults;
  readonly seed: string;
  readonly random: Random;
  readonly nodes = new Map<PartyKey, Node>();
  readonly roster: Roster;
  readonly signatures: { sid: Hex; message: Hex; signature: Hex; by: PartyKey }[] = [];
  private flights: Flight[] = [];
  private order = 0;
  /** Everything that was sent, for those who replay or forge. */
  readonly wire: { envelope: Envelope; to: readonly PartyKey[] }[] = [];
  messages = 0;
  bytes = 0;
  /** Messages and ticks that went into a party. */
  steps = 0;
  /** The weather's own stream, so that the rest of a life is the same without it. */
  private readonly storm: Random;

  constructor(seed: string, threshold: number, size: number, faults = perfect) {
    this.seed = seed;
    this.faults = faults;
    this.random = randomOf(`world ${seed}`);
    this.storm = randomOf(`storm ${seed}`);
    this.roster = rosterOf(seed, threshold, names.slice(0, size));
    for (const party of this.roster.parties) this.add(party);
  }

  add(party: { name: string; key: PartyKey }, disk: Records = noRecords): Node {
    const { name, key } = party;
    const node: Node = {
      key,
      name,
      committee: undefined,
      disk,
      lie: undefined,
      events: [],
      judge: () => undefined,
    };
    this.nodes.set(key, node);
    return node;
  }

  node(name: string): Node {
    const found = [...this.nodes.values()].find((each) => each.name === name);
    assert.ok(found, `no party ${name}`);
    return found;
  }

  private life = 0;

  /** Starts a party from its disk. */
  wake(name: string): void {
    const node = this.node(name);
    const { key: self, disk: records } = node;
    node.committee = createCommittee(
      {
        self,
        records,
        random: randomOf(`${this.seed} ${name} ${this.life++}`),
        verify: (envelope) => this.isSigned(envelope),
        judge: (message, from) => node.judge(message, from),
        timing,
      },
      this.now,
    );
  }

  /** kill -9: memory is gone, messages in the air are not. */
  kill(name: string): void {
    this.node(name).committee = undefined;
  }

  /** Everybody starts and agrees on the roster. */
  start(): void {
    for (const { name } of this.roster.parties) {
      this.wake(name);
      const node = this.node(name);
      this.apply(node, agree(node.committee!, this.roster, this.now));
    }
  }

  signatureOf(from: PartyKey, bytes: Uint8Array): Hex {
    return hash('signature', this.seed, from, bytes);
  }

  isSigned(envelope: Envelope): boolean {
    return envelope.signature === this.signatureOf(envelope.from, signedBytes(envelope));
  }

  envelope(message: Outgoing, from: PartyKey): Envelope {
    const header = headerOf(message, from, ++this.order);
    const whole = { ...header, payload: JSON.stringify(message.body) };
    return { ...whole, signature: this.signatureOf(from, signedBytes(whole)) };
  }

  apply(node: Node, step: Step): void {
    if (step.records !== undefined) node.disk = structuredClone(step.records);
    for (const said of step.send) {
      const out = node.lie === undefined ? [said] : node.lie(said, this, node.key);
      for (const message of out) this.post(this.envelope(message, node.key), message.to);
    }
    for (const event of step.events) {
      node.events.push(event);
      if (event.type === 'signed') this.signatures.push({ ...event, by: node.key });
    }
  }

  /** Puts an envelope on the wire. */
  post(envelope: Envelope, receivers: readonly PartyKey[]): void {
    this.wire.push({ envelope, to: receivers });
    this.disturb(envelope, receivers);
    const text = JSON.stringify(envelope);
    for (const to of receivers) {
      this.messages++;
      this.bytes += text.length;
      if (pick(this.random, 1000) < this.faults.loss) continue;
      const copies = pick(this.random, 1000) < this.faults.duplicate ? 2 : 1;
      for (let i = 0; i < copies; i++) {
        const at = this.now + 1 + pick(this.random, this.faults.delayMsMax);
        this.flights.push({ at, to, text, order: ++this.order });
      }
    }
  }

  /** Whoever holds the wire sends old words again, and new ones under signatures of others. */
  private disturb(envelope: Envelope, receivers: readonly PartyKey[]): void {
    const { replay = 0, forge = 0, delayMsMax } = this.faults;
    if (replay + forge === 0) return;
    const fly = (sent: Envelope, to: PartyKey): void => {
      const at = this.now + 1 + pick(this.storm, delayMsMax);
      this.flights.push({ at, to, text: JSON.stringify(sent), order: ++this.order });
    };
    const parties = [...this.nodes.keys()];
    if (pick(this.storm, 1000) < replay) {
      const back = pick(this.storm, Math.min(this.wire.length, 400));
      fly(this.wire.at(-1 - back)!.envelope, parties[pick(this.storm, parties.length)]!);
    }
    if (pick(this.storm, 1000) >= forge) return;
    const from = parties[pick(this.storm, parties.length)]!;
    const payload = envelope.payload.replace(/[0-9a-f]{2}"/, '00"');
    for (const to of receivers) fly({ ...envelope, from, payload }, to);
  }

  private deliver({ to, text }: Flight): void {
    const node = this.nodes.get(to);
    if (node?.committee === undefined) return;
    this.steps++;
    const envelope = JSON.parse(text) as Envelope;
    const isOurs = envelope.to === everyone || envelope.to === to;
    if (!this.isSigned(envelope) || !isOurs) return;
    const { payload, signature: _, ...header } = envelope;
    const incoming: Incoming = { ...header, body: JSON.parse(payload), envelope };
    this.apply(node, take(node.committee, incoming, this.now));
  }

  /** Lets virtual time pass until something holds, or `ms` are over. */
  run(ms: number, until: () => boolean = () => false): boolean {
    const end = this.now + ms;
    while (this.now < end) {
      if (until()) return true;
      this.now += 100;
      for (;;) {
        const due = this.flights.filter((each) => each.at <= this.now);
        if (due.length === 0) break;
        this.flights = this.flights.filter((each) => each.at > this.now);
        due.sort((a, b) => a.at - b.at || a.order - b.order);
        for (const flight of due) this.deliver(flight);
      }
      for (const node of this.nodes.values()) {
        if (node.committee === undefined) continue;
        this.steps++;
        this.apply(node, pass(node.committee, this.now));
      }
    }
    return until();
  }

  alive(): Node[] {
    return [...this.nodes.values()].filter((each) => each.committee !== undefined);
  }

  /** Parties that tell the truth and run. */
  honest(): Node[] {
    return this.alive().filter((each) => each.lie === undefined);
  }

  gen(name: string): number {
    return this.node(name).disk.active?.certificate.gen ?? 0;
  }

  /** Whether all honest parties that run know generation `gen`. */
  isAt(gen: number): boolean {
    return this.honest().every((each) => each.disk.active?.certificate.gen === gen);
  }

  /** Makes the first key. */
  generate(ms = 60_000): void {
    this.start();
    assert.ok(
      this.run(ms, () => this.isAt(1)),
      `${this.seed}: no key`,
    );
  }

  reshare(by: string, roster: Roster, holdersMin?: number): void {
    const node = this.node(by);
    const no = reshare(node.committee!, roster, this.now, holdersMin);
    assert.equal(no, undefined);
  }

  /** Signs, and gives the signature; undefined if it failed. */
  sign(by: string, text: string, ms = 30_000): Hex | undefined {
    const node = this.node(by);
    const message = new TextEncoder().encode(text);
    const before = node.events.length;
    const step = sign(node.committee!, message, this.now);
    this.apply(node, step);
    const isOver = () => node.events.slice(before).some((each) => isEnd(each, step.sid));
    this.run(ms, isOver);
    const end = node.events.slice(before).find((each) => isEnd(each, step.sid));
    return end?.type === 'signed' ? end.signature : undefined;
  }

  /** Names that a party has blamed, with the kind. */
  blamed(by: string): string[] {
    return this.node(by).events.flatMap((each) =>
      each.type === 'blame' ? [`${each.name} ${each.blame.kind}`] : [],
    );
  }
}

const isEnd = (event: Event, sid: Hex | undefined): boolean =>
  (event.type === 'signed' || event.type === 'unsigned') && event.sid === sid;

/** The same bytes with one bit turned. */
export function turn(text: Hex): Hex {
  const bytes = fromHex(text);
  bytes[bytes.length - 1]! ^= 1;
  return toHex(bytes);
}
