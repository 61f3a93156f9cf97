/** Group signatures of the treasury, kept: one that was given up, and one that was used. */
import type { Ablation, Attack } from '../types.ts';
import { execute, type Instruction, openTreasury, payment, schedule } from '../world/treasury.ts';
import type { World } from '../world/world.ts';

const day = 86_400;

/** Wages that were paid, and a purchase that was signed and given up. */
function old(world: World, signedAt: number): { wages: Instruction; purchase: Instruction } {
  const { address } = world.person('mallory');
  return {
    wages: payment(world, 0n, signedAt + 365 * day, address, 5_000),
    purchase: payment(world, 1n, signedAt + day, address, 15_000),
  };
}

/** Days from the signatures to the story. */
const sinceSigned = 10;

const treasuryWithout = (name: string, from: string): Ablation => ({
  kind: 'source',
  name,
  contracts: ['Treasury'],
  edits: [{ file: 'src/Treasury.sol', from, to: '' }],
});

export const treasuryOldSignature: Attack = {
  kind: 'attack',
  name: 'treasury-old-signature',
  title: 'Old signatures of the treasury',
  story:
    'The committee of the treasury once paid Mallory her wages, and signed a purchase from her ' +
    'that it then gave up. Ten days later, with every guardian asleep, she brings both again. ' +
    'Beside her a supplier is paid by a fresh signature.',
  incidents: ['Drift 2026-04, $285M: signatures that were kept for a better day'],
  control: 'an instruction has a number, each once, and a time until which it may be brought',
  invariants: ['I5', 'I6'],
  bound: 0n,
  profitMin: 5_000_000_000n,
  async before(world) {
    await openTreasury(world, 100_000, 20_000);
    await world.user('supplier', 1_000);
    await world.attacker('mallory', 1_000);
    const { wages } = old(world, world.memory.time);
    await schedule(world, 'keeper', wages);
    await world.wait(day + 2);
    await execute(world, 'keeper', wages);
    await world.wait((sinceSigned - 1) * day);
  },
  async run(world) {
    // The signing lies ten days back; what was signed then is what is brought now.
    const { wages, purchase } = old(world, signedAt(world));
    await world.attack('brings what was given up, and what was paid', async () => {
      await schedule(world, 'mallory', purchase);
      await schedule(world, 'mallory', wages);
    });
    const { address } = world.person('supplier');
    const fresh = payment(world, 1n, world.memory.time + day, address, 500);
    await schedule(world, 'keeper', fresh);
    await world.wait(day + 2);
    await execute(world, 'keeper', fresh);
    await world.attack('would have both carried out', async () => {
      await execute(world, 'mallory', purchase);
      await execute(world, 'mallory', wages);
    });
  },
  ablations: [
    treasuryWithout(
      'what was given up dies',
      'if (block.timestamp > expiry) revert InstructionExpired(block.timestamp, expiry);',
    ),
    treasuryWithout(
      'each number once',
      'if (nonce != nextNonce) revert NonceWrong(nonce, nextNonce);',
    ),
  ],
};

/** Second of the first signature, from what passed since. */
function signedAt(world: World): number {
  return world.origin.second - sinceSigned * day;
}
