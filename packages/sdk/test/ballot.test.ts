import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isRejection } from '@holdfast/units';
import { verifyTypedData } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import {
  ballotArguments,
  ballotData,
  readBallot,
  type SignedBallot,
  signBallot,
  writeBallot,
} from '../src/index.ts';

const seat = privateKeyToAccount(`0x${'42'.repeat(32)}`);
const other = privateKeyToAccount(`0x${'43'.repeat(32)}`);
const place = { chainId: 31_337, governor: `0x${'aa'.repeat(20)}` } as const;
const wish = {
  proposalId: 2n ** 255n + 7n,
  ballot: 'for',
  voter: seat.address,
  nonce: 3n,
  until: 1_900_000_000,
} as const;

describe('signed ballots', () => {
  it('are of one seat, one proposal and one time', async () => {
    const signed = await signBallot(seat, place, wish);
    const isOf = (data: ReturnType<typeof ballotData>) =>
      verifyTypedData({ ...data, address: seat.address, signature: signed.signature });
    assert.equal(await isOf(ballotData(place, wish)), true);
    assert.equal(await isOf(ballotData(place, { ...wish, until: wish.until + 1 })), false);
    assert.equal(await isOf(ballotData(place, { ...wish, proposalId: 7n })), false);
    assert.equal(await isOf(ballotData(place, { ...wish, ballot: 'against' })), false);
    assert.equal(await isOf(ballotData(place, { ...wish, nonce: 4n })), false);
    assert.equal(await isOf(ballotData({ ...place, chainId: 1 }, wish)), false);
    await assert.rejects(signBallot(other, place, wish), /signs no ballot of/);
  });

  it('bring their time as one word', async () => {
    const signed = await signBallot(seat, place, wish);
    const word = `0x${wish.until.toString(16).padStart(64, '0')}`;
    assert.deepEqual(ballotArguments(signed), [
      wish.proposalId,
      1,
      seat.address,
      '',
      word,
      signed.signature,
    ]);
  });

  it('are read as they were written, and as nothing else', async () => {
    const signed = await signBallot(seat, place, wish);
    const text = writeBallot(signed);
    assert.deepEqual(readBallot(text), signed);
    const bad: [keyof SignedBallot, unknown][] = [
      ['chainId', 0],
      ['governor', '0x12'],
      ['proposalId', '-1'],
      ['proposalId', 7],
      ['ballot', 'toString'],
      ['voter', undefined],
      ['nonce', '1.5'],
      ['until', '1900000000'],
      ['signature', 'abc'],
      ['signature', `0x${'00'.repeat(4_097)}`],
    ];
    for (const [name, value] of bad) {
      const changed = JSON.stringify({ ...JSON.parse(text), [name]: value });
      assert.ok(isRejection(readBallot(changed)), `${name} ${value}`);
    }
    for (const none of ['', 'null', '[]', '{']) assert.ok(isRejection(readBallot(none)), none);
  });
});
