/** Money in, out and between accounts. */
import assert from 'node:assert/strict';
import { compactTo65, domain, signDigest } from '@holdfast/order';
import { withdrawalTypes } from '@holdfast/sdk';
import { fromHex, toHex } from '@holdfast/units';
import { type Hex, hashTypedData } from 'viem';
import { chainId, deployer } from '../../../tools/gas/chain.ts';
import { q32 } from '../../e2e/harness/worth.ts';
import { health } from './judge.ts';
import type { Acts, Life } from './life.ts';
import { type Seen, unit } from './rig.ts';
import { amounts, stranger, userOf } from './shadow.ts';

/** Who took money out still has the margin for what it holds. */
function holdMargin(now: Seen, id: number): void {
  const { equity, initial } = health(now, id);
  const isFlat = [...now.accounts.get(id)!.sizes.values()].every((size) => size === 0);
  assert.ok(isFlat ? equity >= 0n : equity >= initial, `account ${id} withdrew its margin`);
}

export const moneyActs: Acts<'deposit' | 'withdraw' | 'withdrawSigned' | 'transfer' | 'cover'> = {
  async deposit(life, { who, amount }) {
    const { rig } = life;
    const id = userOf(life, who);
    const quote = BigInt(amount) * unit;
    const outcome = await rig.call('deposit', [rig.venue.token, id, quote], deployer);
    assert.ok(outcome.ok, 'a deposit is refused');
    return { outcome, cash: amounts([id, quote * q32]) };
  },

  async withdraw(life, { who, amount, stolen }, _before, after) {
    const { rig } = life;
    const [id, other] = [userOf(life, who), userOf(life, who + (stolen ? 1 : 0))];
    const quote = BigInt(amount) * unit;
    const args = [id, quote, stranger, '0x'];
    const outcome = await rig.call('withdraw', args, rig.owner(other));
    if (outcome.ok) {
      assert.equal(rig.owner(other), rig.owner(id), 'a stranger withdraws');
      holdMargin(await after(), id);
    }
    return { outcome, cash: amounts([id, -quote * q32]) };
  },

  async withdrawSigned(life, { who, amount, nonce, relayer }, before, after) {
    const { rig } = life;
    const [id, other] = [userOf(life, who), userOf(life, relayer)];
    const quote = BigInt(amount) * unit;
    const fee = quote / 20n;
    const withdrawal = {
      ...{ account: id, amount: quote, to: stranger, nonce: BigInt(nonce), fee },
      expiry: before.time + 1_000_000,
    };
    const args = [withdrawal, signed(life, id, withdrawal), other, '0x'];
    const outcome = await rig.call('withdrawSigned', args, stranger);
    if (outcome.ok) {
      const key = `${id}/${nonce}`;
      assert.ok(!life.nonces.has(key), `number ${nonce} of account ${id} is used twice`);
      life.nonces.add(key);
      holdMargin(await after(), id);
    }
    return { outcome, cash: amounts([id, -(quote + fee) * q32], [other, fee * q32]) };
  },

  async transfer(life, { from, to, amount }, _before, after) {
    const { rig } = life;
    const [id, other] = [userOf(life, from), userOf(life, to)];
    const quote = BigInt(amount) * unit;
    const outcome = await rig.call('transfer', [id, other, quote, '0x'], rig.owner(id));
    if (outcome.ok) {
      assert.equal(rig.owner(other), rig.owner(id), 'a transfer to somebody else');
      holdMargin(await after(), id);
    }
    return { outcome, cash: amounts([id, -quote * q32], [other, quote * q32]) };
  },

  async cover(life, { who }, before, after) {
    const { rig } = life;
    const id = userOf(life, who);
    const outcome = await rig.call('cover', [id], stranger);
    if (!outcome.ok) return { outcome };
    const given = before.accounts.get(0)!.cash - (await after()).accounts.get(0)!.cash;
    assert.ok(given > 0n && before.accounts.get(id)!.cash + given <= 0n, 'cover of no debt');
    return { outcome, cash: amounts([id, given], [0, -given]) };
  },
};

/** The owner's signature of a withdrawal. */
function signed({ rig }: Life, id: number, message: Record<string, unknown>): Hex {
  const { clearingHouse, keys } = rig.venue;
  const digest = hashTypedData({
    domain: domain(chainId, clearingHouse.toLowerCase() as Hex),
    types: withdrawalTypes,
    primaryType: 'Withdrawal',
    message: message as never,
  });
  const compact = signDigest(fromHex(digest), keys.get(id) as Uint8Array);
  return toHex(compactTo65(compact));
}
