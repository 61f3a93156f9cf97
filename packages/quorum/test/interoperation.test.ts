/**
 * A second implementation of FROST(secp256k1, SHA-256): `@cmdcode/frost` has the suite's nonces,
 * binding factors, commitments and shares with code of its own. It ends in the challenge and the
 * even points of BIP-340; here it is given the challenge of RFC 9591, by its own H2, instead.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { G, H } from '@cmdcode/frost/ecc';
import * as theirs from '@cmdcode/frost/lib';
import { groupKeyOf, verifySignature } from '@holdfast/quorum';
import { concatBytes, fromHex, type Hex, toHex } from '@holdfast/units';
import { dealFresh } from '../src/dealing.ts';
import {
  frost,
  frostCommitments,
  frostPublic,
  frostSecret,
  type KeyShare,
  type NoncePair,
} from '../src/suite.ts';
import { randomOf } from './world.ts';

const message = createHash('sha256').update('said by two implementations').digest();
const bare = (hex: Hex): string => hex.slice(2);
const hex = (text: string): Hex => `0x${text}`;

/** A committee whose key our ceremony made. */
function ours(threshold: number, size: number): KeyShare[] {
  const holders = Array.from({ length: size }, (_, i) => i + 1);
  const deal = (index: number) =>
    dealFresh({ threshold, holders, index, random: randomOf(`interoperation ${size} ${index}`) });
  const dealings = holders.map(deal);
  const packages = new Map(dealings.map((each, i) => [i + 1, each.own!]));
  for (const each of dealings) assert.equal(each.judge(packages).size, 0);
  return dealings.map((mine, i) =>
    mine.sum(
      packages,
      dealings.map((each) => each.shareFor(i + 1)),
    ),
  );
}

/** A committee whose key their dealer made. */
function dealt(threshold: number, size: number, seed: string): KeyShare[] {
  const secrets = Array.from({ length: threshold }, (_, i) =>
    createHash('sha256').update(`${seed} ${i}`).digest('hex'),
  );
  const set = theirs.create_dealer_set(threshold, size, secrets);
  const holders = Object.fromEntries(
    set.shares.map(({ idx, seckey }) => [idx, hex(theirs.get_pubkey(seckey))]),
  );
  const keys = { threshold, commitments: set.vss_commits.map(hex), holders };
  assert.equal(set.group_pk.slice(-64), groupKeyOf(keys).slice(-64));
  return set.shares.map(({ idx, seckey }) => ({ index: idx, share: hex(seckey), keys }));
}

/** What their signing needs to know of one session of RFC 9591. */
function sessionOf(groupKey: Hex, pairs: ReadonlyMap<number, NoncePair>) {
  const pnonces = [...pairs].map(([idx, { hiding, binding }]) => ({
    idx,
    hidden_pn: bare(hiding),
    binder_pn: bare(binding),
  }));
  const group = theirs.get_group_key_context(bare(groupKey));
  const said = message.toString('hex');
  const prefix = theirs.get_group_prefix(pnonces, bare(groupKey), said);
  const binders = theirs.get_group_binders(pnonces, prefix.hex);
  const point = theirs.get_group_pubnonce(pnonces, binders);
  const challenge = H.H2(concatBytes(fromHex(hex(point)), fromHex(groupKey), message)).big;
  const base = theirs.get_group_commit_context(group, pnonces, said);
  // BIP-340 turns key and R to even points. Here neither is turned: R is shown without its sign.
  const plain = { ...group.group_pt, parity: 1n, state: 1n };
  const context = { ...group, ...base, challenge, group_pt: plain, group_pn: point.slice(2) };
  return { context, point, challenge };
}

type Signer = {
  readonly pair: NoncePair;
  readonly sign: (pairs: ReadonlyMap<number, NoncePair>) => Hex;
};

function ourSigner(key: KeyShare): Signer {
  const random = randomOf(`ours ${key.index}`);
  const { nonces, commitments } = frost.commit(frostSecret(key), (n = 32) => random(n));
  const pair = { hiding: toHex(commitments.hiding), binding: toHex(commitments.binding) };
  const sign = (pairs: ReadonlyMap<number, NoncePair>): Hex => {
    const [secret, list] = [frostSecret(key), frostCommitments(pairs)];
    return toHex(frost.signShare(secret, frostPublic(key.keys), nonces, list, message));
  };
  return { pair, sign };
}

function theirSigner(key: KeyShare): Signer {
  const share = { idx: key.index, seckey: bare(key.share) };
  const [one, two] = ['hiding', 'binding'].map((name) =>
    createHash('sha256').update(`theirs ${key.index} ${name}`).digest('hex'),
  );
  const nonce = theirs.create_commit_pkg(share, one, two);
  const pair = { hiding: hex(nonce.hidden_pn), binding: hex(nonce.binder_pn) };
  const sign = (pairs: ReadonlyMap<number, NoncePair>): Hex =>
    hex(theirs.sign_msg(sessionOf(groupKeyOf(key.keys), pairs).context, share, nonce).psig);
  return { pair, sign };
}

/** One session: the signature, which ours aggregates and both verify. */
function session(keys: readonly KeyShare[], signers: ReadonlyMap<number, Signer>): Hex {
  const pairs = new Map([...signers].map(([index, { pair }]) => [index, pair]));
  const [pub, list] = [frostPublic(keys[0]!.keys), frostCommitments(pairs)];
  const partials = [...signers].map(([, { sign }]) => fromHex(sign(pairs)));
  const named = Object.fromEntries(list.map(({ identifier }, i) => [identifier, partials[i]!]));
  const signature = toHex(frost.aggregate(pub, list, message, named));
  const groupKey = groupKeyOf(keys[0]!.keys);
  assert.equal(verifySignature(groupKey, message, signature), true, 'ours does not verify it');
  const { point, challenge } = sessionOf(groupKey, pairs);
  assert.equal(signature.slice(0, 68), hex(point), 'theirs comes to another R');
  const z = BigInt(hex(signature.slice(68)));
  const key = G.DeserializeElement(bare(groupKey));
  const sum = G.ElementAdd(G.DeserializeElement(point), G.ScalarMulti(key, challenge));
  assert.equal(G.ScalarBaseMulti(z).equals(sum), true, 'theirs does not verify it');
  return signature;
}

/** Committees of both makers with keys of both parities, since RFC 9591 turns none. */
const committees: readonly (readonly [string, readonly KeyShare[]])[] = [
  ['a key of our ceremony, 3 of 5', ours(3, 5)],
  ['a key of our ceremony, 2 of 3', ours(2, 3)],
  ['a key of their dealer, 3 of 5', dealt(3, 5, 'dealer a')],
  ['a key of their dealer, 2 of 4', dealt(2, 4, 'dealer b')],
];

describe('a second implementation of the suite', () => {
  for (const [name, keys] of committees) {
    const { threshold } = keys[0]!.keys;
    const chosen = keys.slice(-threshold);
    it(`signs alone with ${name}`, () => {
      session(keys, new Map(chosen.map((key) => [key.index, theirSigner(key)])));
    });
    it(`lets ours sign alone with ${name}`, () => {
      session(keys, new Map(chosen.map((key) => [key.index, ourSigner(key)])));
    });
    it(`signs together with ours with ${name}`, () => {
      for (let first = 0; first < threshold; first++) {
        const of = (key: KeyShare, i: number) => (i === first ? theirSigner(key) : ourSigner(key));
        session(keys, new Map(chosen.map((key, i) => [key.index, of(key, i)])));
      }
    });
  }

  it('is tried with keys of both parities', () => {
    const parities = committees.map(([, [key]]) => groupKeyOf(key!.keys).slice(0, 4));
    assert.deepEqual([...new Set(parities)].sort(), ['0x02', '0x03']);
  });

  it('derives the same nonces', () => {
    const [key] = committees[0]![1];
    const seeds = [fromHex(`0x${'a1'.repeat(32)}`), fromHex(`0x${'b2'.repeat(32)}`)];
    const random = [...seeds];
    const { commitments } = frost.commit(frostSecret(key!), () => random.shift() as never);
    const [hiding, binding] = seeds.map((seed) => theirs.generate_nonce(bare(key!.share), seed));
    assert.equal(toHex(commitments.hiding), hex(theirs.get_pubkey(hiding!.hex)));
    assert.equal(toHex(commitments.binding), hex(theirs.get_pubkey(binding!.hex)));
  });

  it('does not sign what we would take with the challenge that it comes with', () => {
    // The control: with the conventions of BIP-340 left on, the same session gives no signature.
    const [key] = committees[0]![1];
    const signer = theirSigner(key!);
    const pairs = new Map([
      [1, signer.pair],
      [2, ourSigner(committees[0]![1][1]!).pair],
      [3, ourSigner(committees[0]![1][2]!).pair],
    ]);
    const [pub, list] = [frostPublic(key!.keys), frostCommitments(pairs)];
    const { context } = sessionOf(groupKeyOf(key!.keys), pairs);
    const share = { idx: 1, seckey: bare(key!.share) };
    const nonce = theirs.create_commit_pkg(
      share,
      ...['hiding', 'binding'].map((name) =>
        createHash('sha256').update(`theirs 1 ${name}`).digest('hex'),
      ),
    );
    const holds = (challenge: bigint) => {
      const { psig } = theirs.sign_msg({ ...context, challenge }, share, nonce);
      return frost.verifyShare(pub, list, message, list[0]!.identifier, fromHex(hex(psig)));
    };
    const said = message.toString('hex');
    const bip = theirs.get_challenge(context.group_pn, groupKeyOf(key!.keys).slice(2), said);
    assert.equal(holds(context.challenge), true);
    assert.equal(holds(bip), false);
  });
});
