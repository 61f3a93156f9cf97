/**
 * Every refusal of a statement to the registry by `packages/party`, each beside what is signed.
 * Here and not there, because the keys are signed with in one place, by a tool.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CommitteeView } from '@holdfast/host';
import {
  bareDigest,
  draftRotation,
  encodeStatement,
  judgeBy,
  judgeLife,
  judgeRotation,
  type Life,
  lifeOf,
  type Purpose,
  type RegistrySight,
  type Rotation,
  readStatement,
  registryPurpose,
  rotationSecondsMax,
  statementDigest,
  viewAgeMsMax,
} from '@holdfast/party';
import { type Generation, type Roster, rosterHash, verifySignature } from '@holdfast/quorum';
import { fromHex, type Hex, isRejection, keccak256, reject, toHex, utf8 } from '@holdfast/units';
import { secretOf, signGroup } from '../group-signer.ts';

const nowMs = 1_800_000_000_000;
/** The chain has a clock of its own. */
const chainTime = 1_900_000_000;
const registry = `0x${'aa'.repeat(20)}` as Hex;
const keyOf = (name: string) => {
  const own = secretOf(keccak256(utf8(name)));
  return { own, groupKey: toHex(own.compressed) };
};
const [old, next, other] = ['old', 'next', 'other'].map(keyOf) as [Key, Key, Key];
type Key = ReturnType<typeof keyOf>;

function rosterOf(names: readonly string[], threshold: number, more: Partial<Roster> = {}): Roster {
  const parties = names.map((name) => ({
    name,
    key: toHex(keccak256(utf8(`key ${name}`))),
    seal: toHex(keccak256(utf8(`seal ${name}`))),
  }));
  return { name: 'oracle', chainId: 31_337, contract: registry, threshold, parties, ...more };
}
const oldRoster = rosterOf(['ann', 'bob', 'cid', 'dan', 'eve'], 3);
const nextRoster = rosterOf(['ann', 'bob', 'cid', 'dan', 'fay'], 4);

const generationOf = ({ groupKey }: Key, roster: Roster): Generation =>
  ({ roster, certificate: { groupKey, gen: 3 } }) as unknown as Generation;

function signed(key: Key, statement: Life | Rotation): Hex {
  const digest = statementDigest(statement);
  assert.ok(!isRejection(digest));
  return toHex(signGroup(key.own, fromHex(digest)).bytes);
}

const view: CommitteeView = {
  key: old.groupKey,
  generation: 6,
  isRevoked: false,
  rotations: 2,
  threshold: 3,
  size: 5,
  roster: rosterHash(oldRoster),
  atMs: nowMs - 1000,
  time: chainTime,
};
const life = (roster: Roster = nextRoster, key: Key = next, generation = 7): Life => ({
  kind: 'life',
  generation,
  groupKey: key.groupKey,
  roster,
});
const rotation = (more: Partial<Rotation> = {}): Rotation => ({
  kind: 'rotation',
  generation: 7,
  number: 2,
  groupKey: next.groupKey,
  roster: nextRoster,
  life: signed(next, life()),
  expiry: chainTime + 3600,
  ...more,
});
const sight = (more: Partial<RegistrySight> = {}): RegistrySight => ({
  own: generationOf(old, oldRoster),
  view,
  nowMs,
  isAllowed: true,
  ...more,
});

describe('a rotation', () => {
  const say = (of: Rotation, seen: RegistrySight = sight()): string =>
    judgeRotation(of, seen)?.code ?? 'signed';

  it('is signed when records, chain and operator agree', () => {
    assert.equal(say(rotation()), 'signed');
    // The same key with another roster: a statement of what a resharing has changed.
    const same = life(nextRoster, old);
    const restated = { groupKey: old.groupKey, life: signed(old, same) };
    assert.equal(say(rotation(restated)), 'signed');
  });

  const foreign = [{ name: 'treasury' }, { chainId: 1 }, { contract: `0x${'bb'.repeat(20)}` }];
  const refusals: [string, string, Rotation, Partial<RegistrySight>][] = [
    ['nobody has allowed', 'MessageUnapproved', rotation(), { isAllowed: false }],
    ['comes to a party without a key', 'KeyMissing', rotation(), { own: undefined }],
    ['comes to a party without a chain', 'ChainMissing', rotation(), { view: undefined }],
    [
      'is held against an old look at the chain',
      'ChainStale',
      rotation(),
      { view: { ...view, atMs: nowMs - viewAgeMsMax - 1 } },
    ],
    [
      'would hand over a key that is not in force',
      'KeyNotInForce',
      rotation(),
      { own: generationOf(other, oldRoster) },
    ],
    [
      'would hand over a revoked key',
      'KeyNotInForce',
      rotation(),
      { view: { ...view, key: undefined, isRevoked: true } },
    ],
    ['is of another generation', 'GenerationWrong', rotation({ generation: 8 }), {}],
    ['is a rotation of before', 'RotationWrong', rotation({ number: 1 }), {}],
    ['is a rotation of later', 'RotationWrong', rotation({ number: 3 }), {}],
    ['is over', 'StatementExpired', rotation({ expiry: chainTime }), {}],
    [
      'would be valid for too long',
      'ExpiryFar',
      rotation({ expiry: chainTime + rotationSecondsMax + 1 }),
      {},
    ],
    [
      'has no majority',
      'ThresholdInvalid',
      rotation({ roster: rosterOf(['ann', 'bob', 'cid', 'dan'], 2) }),
      {},
    ],
    ['has a key that is not alive', 'LifeWrong', rotation({ life: signed(other, life()) }), {}],
    [
      'names another key than the one that is alive',
      'LifeWrong',
      rotation({ groupKey: other.groupKey }),
      {},
    ],
    [
      'has another roster than its key has agreed to',
      'LifeWrong',
      rotation({ roster: rosterOf(['ann', 'bob', 'cid', 'dan', 'mal'], 4) }),
      {},
    ],
    [
      'has another threshold than its key has agreed to',
      'LifeWrong',
      rotation({ roster: { ...nextRoster, threshold: 3 } }),
      {},
    ],
    [
      'has a proof of life of another generation',
      'LifeWrong',
      rotation({ life: signed(next, life(nextRoster, next, 8)) }),
      {},
    ],
    ...foreign.map((more): [string, string, Rotation, object] => {
      const roster = { ...nextRoster, ...more } as Roster;
      const of = rotation({ roster, life: signed(next, life(roster)) });
      return [`is about another ${Object.keys(more).join()}`, 'RosterForeign', of, {}];
    }),
  ];
  for (const [name, code, of, more] of refusals) {
    it(`is refused when it ${name}`, () => {
      assert.equal(say(of, sight(more)), code);
    });
  }

  it('is drafted from what the chain says, or not at all', () => {
    const offer = { version: 1, life: life(), signature: signed(next, life()) } as const;
    const drafted = draftRotation(offer, 60, sight());
    assert.ok(!isRejection(drafted));
    assert.deepEqual([drafted.number, drafted.generation], [2, 7]);
    assert.equal(drafted.expiry, chainTime + 60);
    const blind = draftRotation(offer, 60, sight({ view: undefined }));
    assert.equal(isRejection(blind) && blind.code, 'ChainMissing');
  });
});

describe('a proof of life', () => {
  const own = generationOf(next, nextRoster);
  const say = (of: Life, more: Partial<RegistrySight> = {}): string =>
    judgeLife(of, sight({ own, ...more }))?.code ?? 'signed';

  it('is signed for our own key and roster as the next generation', () => {
    assert.equal(say(life()), 'signed');
    assert.equal(say(life(nextRoster, next, 1), { view: undefined }), 'signed', 'a first key');
    assert.deepEqual(lifeOf(sight({ own })), life());
    // No operator is asked: it changes nothing by itself.
    assert.equal(say(life(), { isAllowed: false }), 'signed');
  });

  it('is refused for anything else', () => {
    assert.equal(say(life(nextRoster, other)), 'LifeForeign');
    assert.equal(say(life({ ...nextRoster, threshold: 3 })), 'LifeForeign');
    assert.equal(say(life(nextRoster, next, 8)), 'GenerationWrong');
    assert.equal(say(life(nextRoster, next, 1)), 'GenerationWrong');
    assert.equal(say(life(), { view: undefined }), 'ChainMissing');
    assert.equal(say(life(), { view: { ...view, atMs: 0 } }), 'ChainStale');
    assert.equal(say(life(), { own: undefined }), 'KeyMissing');
  });
});

describe('a statement', () => {
  it('is read as it was written, and nothing else is taken for one', () => {
    for (const each of [life(), rotation()]) {
      assert.deepEqual(readStatement(encodeStatement(each)), each);
    }
    assert.equal(readStatement(utf8('pay 5 to carol')), undefined);
    assert.equal(readStatement(new Uint8Array(32)), undefined);
    const code = (text: string): unknown => {
      const read = readStatement(utf8(`holdfast statement to the registry\n${text}`));
      return isRejection(read) && read.code;
    };
    assert.equal(code('{'), 'StatementMalformed');
    assert.equal(code(JSON.stringify({ ...life(), more: 1 })), 'StatementMalformed');
    const twice = [...nextRoster.parties.slice(1), nextRoster.parties[1]];
    const doubled = { ...life(), roster: { ...nextRoster, parties: twice } };
    assert.equal(code(JSON.stringify(doubled)), 'PartyRepeated');
    const unknown = statementDigest(life({ ...nextRoster, name: 'choir' }));
    assert.equal(isRejection(unknown) && unknown.code, 'CommitteeUnknown');
  });

  it('is signed by its digest, by its own kind alone, and never without content', () => {
    const purpose = registryPurpose(() => sight());
    const message = encodeStatement(rotation());
    const reading = purpose(message);
    assert.ok(reading !== undefined && !isRejection(reading));
    assert.equal(toHex(reading.digest), statementDigest(rotation()));
    const shown = new Map(reading.lines);
    assert.equal(shown.get('threshold'), '4 of 5');
    assert.equal(shown.get('parties'), 'ann, bob, cid, dan, fay');
    const allowed = new Set([toHex(message)]);
    const seen: string[] = [];
    const another: Purpose = (bytes) => {
      seen.push(toHex(bytes));
      return undefined;
    };
    const rest = () => reject('Rest', 'asked');
    const judge = judgeBy([purpose, another], (each) => allowed.has(toHex(each)), rest);
    const say = (bytes: Uint8Array): string => judge(bytes, '0x')?.code ?? 'signed';
    assert.equal(say(message), 'signed');
    assert.equal(say(encodeStatement(rotation({ expiry: chainTime + 7 }))), 'MessageUnapproved');
    allowed.add(toHex(reading.digest));
    assert.equal(say(reading.digest), 'DigestBare');
    assert.equal(say(utf8('a text')), 'Rest');
    assert.deepEqual(seen, [toHex(reading.digest), toHex(utf8('a text'))]);
    assert.equal(bareDigest(new Uint8Array(33)), undefined);
  });

  it('is what the registry wants: the key itself proves it', () => {
    const digest = statementDigest(life());
    assert.ok(!isRejection(digest));
    assert.ok(verifySignature(next.groupKey, fromHex(digest), signed(next, life())));
    assert.ok(!verifySignature(next.groupKey, fromHex(digest), signed(next, rotation())));
  });
});
