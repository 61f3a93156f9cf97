/** An honest quorum signs what a forged screen shows: code and owner are not theirs to rewrite. */

import type { Hex } from '@holdfast/units';
import { councilTerms } from '@holdfast/venue';
import { encodeFunctionData, parseAbi, toFunctionSelector } from 'viem';
import type { Ablation, Attack } from '../types.ts';
import {
  brought,
  consent,
  type Motion,
  motionOf,
  press,
  propose,
  seats,
  voteEnd,
} from '../world/motions.ts';
import { dataFor, placeOf, putUnderVotes } from '../world/places.ts';
import type { World } from '../world/world.ts';
import { days } from './admin-burst.ts';
import { drain, furnish } from './stolen-feed.ts';

const file = 'Rewriter.sol';
const abi = parseAbi([
  'function sweep(address to, uint256 amount)',
  'function refresh(address who)',
  'function setModule(bytes4 selector, address module)',
]);
const sweep = toFunctionSelector('sweep(address,uint256)');

async function deployCode(world: World): Promise<void> {
  const made: Record<string, Hex> = {
    sweeper: await world.deploy(
      'mallory',
      file,
      'Sweeper',
      ['address'],
      [world.venue.contracts.vault],
    ),
    rewriter: await world.deploy('mallory', file, 'Rewriter'),
  };
  for (const [name, address] of Object.entries(made)) world.placed.set(name, { address, args: '' });
}

/** What the seats believe to be a routine upgrade, and a refresh of their own roles. */
function motions(world: World): Motion[] {
  const upgrade = encodeFunctionData({
    abi,
    functionName: 'setModule',
    args: [sweep, placeOf(world, 'sweeper')],
  });
  const refresh = encodeFunctionData({
    abi,
    functionName: 'refresh',
    args: [world.key('mallory').address],
  });
  return [
    motionOf('upgrade a module', world.venue.contracts.clearingHouse, upgrade),
    motionOf('refresh the roles', placeOf(world, 'rewriter'), refresh),
  ];
}

/** Uses whatever the two motions gave: a module of the house, or the owner's slot. */
async function harvest(world: World): Promise<void> {
  const { clearingHouse: to, oracle } = world.venue.contracts;
  for (let i = 0; i < 4; i++) {
    const args = [world.person('mallory').address, world.tokens(50_000)] as const;
    const data = encodeFunctionData({ abi, functionName: 'sweep', args });
    await world.send('mallory', 'sweeps 50000', { to, data });
  }
  const inside = dataFor('Oracle', 'proposeVerifier', [placeOf(world, 'feed')]);
  const data = dataFor('VenueAccess', 'execute', [oracle, inside]);
  const access = placeOf(world, 'VenueAccess');
  await world.send('mallory', 'governs by herself', { to: access, data });
  await world.wait(90_000);
  await world.call('mallory', 'oracle', 'applyVerifier', [], { what: 'puts her feed in force' });
  await drain(world);
}

const withModules: Ablation = {
  kind: 'source',
  name: 'modules are fixed at deployment',
  contracts: ['ClearingHouse'],
  edits: [
    {
      file: 'src/ClearingHouse.sol',
      from: '    /// @notice Which module carries out an operation; zero when none does.',
      to:
        '    function setModule(bytes4 selector, address module) external { ' +
        '(, bytes memory by) = address(parameters).staticcall(' +
        'abi.encodeWithSignature("governor()")); ' +
        'require(abi.decode(by, (address)) == msg.sender); _modules[selector] = module; }',
    },
  ],
};

const withDelegatecall: Ablation = {
  kind: 'source',
  name: 'what is voted is called, never lent the storage',
  contracts: ['VenueAccess'],
  edits: [
    {
      file: 'src/governance/VenueAccess.sol',
      from: 'return super.execute(target, data);',
      to:
        'uint32 nonce = super.execute(target, data); ' +
        '(bool ok,) = target.delegatecall(data); ok; return nonce;',
    },
    {
      // The constructor runs where there is code already, for a caller who is nobody.
      file: 'src/governance/VenueAccess.sol',
      from: 'return address(this).code.length != 0;',
      to: 'return address(this).code.length != 0 && msg.sender != address(0);',
    },
  ],
};

export const blindSignature: Attack = {
  kind: 'attack',
  name: 'blind-signature',
  title: 'A quorum signs what it does not see',
  story:
    'All seats and all guardians look at a forged screen: a routine upgrade and a refresh of ' +
    'roles, they read, and nobody objects. In truth the one would put the attacker’s code into ' +
    'the clearing house, the other lend the storage of the access manager to hers.',
  incidents: [
    'Radiant 2024-10, $50M: honest signers, a forged screen',
    'Bybit 2025-02, $1.5B: a delegatecall rewrote the slot of the implementation',
  ],
  control: 'no proxy and no delegatecall outside of modules, which nobody can change',
  invariants: ['I12'],
  bound: 0n,
  profitMin: 150_000_000_000n,
  async before(world) {
    await putUnderVotes(world, councilTerms(seats(world)));
    await deployCode(world);
    await furnish(world);
  },
  async run(world) {
    const all = motions(world);
    await world.attack('has them sign', async () => {
      await propose(world, 'seat-1', all);
      await world.wait(70);
      const until = await voteEnd(world, all);
      const signed = await consent(world, all, ['seat-1', 'seat-2', 'seat-3'], until);
      await brought(world, 'mallory', signed);
    });
    for (const seconds of days) {
      await world.wait(seconds);
      await world.attack('presses on', () => press(world, 'mallory', all));
    }
    await world.attack('takes what it opened', () => harvest(world));
    await world.price({ 'ETH-USD': 3_000 });
    await world.withdraw('alice', 1_000);
  },
  ablations: [withModules, withDelegatecall],
};
