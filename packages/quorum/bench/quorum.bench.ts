/**
 * What a committee costs: CPU time of the steps of the protocol alone (least of several runs), and
 * the messages and bytes of whole ceremonies, envelopes included and shares unsealed. Beside each
 * time stand the scalar multiplications that the step is by its definition, and the ratio to as
 * many of the native addon.
 */
import { createRequire } from 'node:module';
import { cpuUsage } from 'node:process';
import { type Hex, toHex } from '@holdfast/units';
import type { Measure } from '@holdfast/units/measure';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { type Dealing, dealAgain, dealFresh, isDealt } from '../src/dealing.ts';
import { answer, createSigner, type Signer } from '../src/signer.ts';
import {
  frost,
  frostCommitments,
  frostPublic,
  type KeyShare,
  type NoncePair,
} from '../src/suite.ts';
import { randomOf, World } from '../test/world.ts';

/** With the scalar multiplications that the step is by its definition, each by itself. */
type Row = Measure & { readonly multiplications?: number };

const runs = 7;

const { Point } = secp256k1;

/** CPU time of the fastest run, ms. `make` prepares one and is not counted. */
function least<T>(make: () => T, run: (prepared: T) => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const prepared = make();
    const begun = cpuUsage();
    run(prepared);
    const { user, system } = cpuUsage(begun);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

const row = (name: string, value: number, multiplications: number): Row => ({
  name,
  value,
  unit: 'ms',
  multiplications,
});
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
let seed = 0;
const fresh = () => randomOf(`bench ${seed++}`);

/** Everything that receiver 1 does with what the dealers sent. */
function receiveAll(dealings: readonly Dealing[], mine: Dealing, shares: readonly Uint8Array[]) {
  const packages = new Map(dealings.map((each, i) => [i + 1, each.own!]));
  if (mine.judge(packages).size > 0) throw new Error('an honest package was refused');
  for (const [i, share] of shares.entries()) {
    if (i > 0 && !isDealt(packages.get(i + 1)!, 1, toHex(share))) throw new Error('a share is off');
  }
  return mine.sum(packages, shares);
}

/** The work of one party that makes a new key with the others. */
function generate(threshold: number, size: number): number {
  const deal = (index: number) =>
    dealFresh({ threshold, holders: range(size), index, random: fresh() });
  const make = () => {
    const dealings = range(size).map(deal);
    return { dealings, shares: dealings.map((each) => each.shareFor(1)) };
  };
  return least(make, ({ dealings, shares }) => {
    const mine = deal(1);
    for (const holder of range(size)) mine.shareFor(holder);
    receiveAll(dealings, dealings[0]!, shares);
  });
}

function committee(threshold: number, size: number) {
  const holders = range(size);
  const dealings = holders.map((index) =>
    dealFresh({ threshold, holders, index, random: fresh() }),
  );
  const packages = new Map(dealings.map((each, i) => [i + 1, each.own!]));
  for (const each of dealings) each.judge(packages);
  return dealings.map((mine, i) =>
    mine.sum(
      packages,
      dealings.map((each) => each.shareFor(i + 1)),
    ),
  );
}

function refresh(keys: readonly KeyShare[], threshold: number): Row[] {
  const dealers = range(threshold);
  const holders = range(keys.length);
  const old = keys[0]!.keys;
  const deal = (index: number) =>
    dealAgain({
      ...{ threshold, holders, index, random: fresh(), dealers, old },
      oldShare: keys[index - 1],
    });
  const dealing = least(
    () => undefined,
    () => {
      const mine = deal(1);
      for (const holder of holders) mine.shareFor(holder);
    },
  );
  const make = () => {
    const dealings = dealers.map(deal);
    return { dealings, shares: dealings.map((each) => each.shareFor(1)) };
  };
  const receiving = least(make, ({ dealings, shares }) => {
    receiveAll(dealings, dealings[0]!, shares);
  });
  const of = `${threshold} of ${keys.length}`;
  return [
    row(`refresh, deal, ${of}`, dealing, threshold),
    row(
      `refresh, receive, ${of}`,
      receiving,
      threshold * (threshold + 2) + keys.length * threshold,
    ),
  ];
}

/** Rounds of one signature, on real signers. */
function signing(keys: readonly KeyShare[], threshold: number): Row[] {
  const message: Hex = `0x${'42'.repeat(32)}`;
  const from: Hex = `0x${'11'.repeat(32)}`;
  const judge = () => undefined;
  const signers = keys
    .slice(0, threshold)
    .map((share) => createSigner({ share, gen: 1, random: fresh(), judge }));
  const say = (signer: Signer, sid: Hex, type: string, body: unknown) =>
    answer(signer, { from, gen: 1, sid, type, body } as never, 0)!.body;
  const newSid = () => toHex(fresh()(32));
  const ask = (sid: Hex) =>
    signers.map((each) => {
      const { nonces } = say(each, sid, 'ask', { message }) as { nonces: NoncePair };
      return { index: each.share.index, nonces };
    });
  const first = least(newSid, (sid) => void say(signers[0]!, sid, 'ask', { message }));
  const asked = () => {
    const sid = newSid();
    return { sid, body: { message, signers: ask(sid) } };
  };
  const second = least(asked, ({ sid, body }) => void say(signers[0]!, sid, 'package', body));
  const done = () => {
    const { sid, body } = asked();
    const list = frostCommitments(new Map(body.signers.map((each) => [each.index, each.nonces])));
    const partials = signers.map((each, i) => {
      const { partial } = say(each, sid, 'package', body) as { partial: Hex };
      return [list[i]!.identifier, Buffer.from(partial.slice(2), 'hex')] as const;
    });
    return { list, partials: Object.fromEntries(partials) };
  };
  const pub = frostPublic(keys[0]!.keys);
  const bytes = Buffer.from(message.slice(2), 'hex');
  const sum = least(done, ({ list, partials }) => {
    frost.aggregate(pub, list, bytes, partials);
  });
  const of = `${threshold} of ${keys.length}`;
  return [
    row(`sign, nonces, per signer, ${of}`, first, 2),
    row(`sign, share, per signer, ${of}`, second, threshold),
    row(`sign, aggregate, ${of}`, sum, threshold + 2),
  ];
}

/** Messages and bytes of the ceremonies, where nothing is lost. */
function traffic(threshold: number, size: number): Measure[] {
  const world = new World(`traffic ${threshold}`, threshold, size);
  const count = (name: string, act: () => void): Measure[] => {
    const [messages, bytes] = [world.messages, world.bytes];
    act();
    const of = `${threshold} of ${size}`;
    return [
      { name: `${name}, messages, ${of}`, value: world.messages - messages, unit: '' },
      { name: `${name}, bytes, ${of}`, value: world.bytes - bytes, unit: 'B' },
    ];
  };
  const made = count('new key', () => world.generate());
  world.run(10_000);
  const signed = count('sign', () => void world.sign('ann', 'bench'));
  const again = count('refresh', () => {
    world.reshare('ann', world.roster);
    world.run(60_000, () => world.isAt(2));
  });
  return [...made, ...signed, ...again];
}

/** One multiplication of a point that is not the base, by the native addon, ms. */
function nativeUnit(): number {
  const native = createRequire(import.meta.url)('secp256k1/bindings.js');
  const [point, scalar] = [Point.BASE.double().toBytes(true), fresh()(32)];
  const many = least(
    () => undefined,
    () => {
      for (let i = 0; i < 500; i++) native.publicKeyTweakMul(point, scalar);
    },
  );
  return many / 500;
}

/**
 * A dealer commits to t coefficients and proves that it knows the first; the others' n - 1 proofs
 * take two each, their shares one and t, the public shares of n holders t each.
 */
const newKeyMultiplications = (t: number, n: number): number =>
  t + 1 + (n - 1) * (2 + 1 + t) + n * t;

export function bench(): Measure[] {
  const native = nativeUnit();
  const rows: Row[] = [{ name: 'multiplication, native', value: native, unit: 'ms' }];
  for (const [threshold, size] of [
    [3, 5],
    [7, 10],
  ] as const) {
    const keys = committee(threshold, size);
    const of = `${threshold} of ${size}`;
    const multiplications = newKeyMultiplications(threshold, size);
    rows.push(
      row(`new key, per party, ${of}`, generate(threshold, size), multiplications),
      ...signing(keys, threshold),
      ...refresh(keys, threshold),
      ...traffic(threshold, size),
    );
  }
  return rows.map(({ multiplications: count, ...each }) => {
    if (count === undefined) return each;
    const ratio = (each.value / (count * native)).toFixed(1);
    return { ...each, note: `${count} multiplications, ${ratio} times native` };
  });
}
