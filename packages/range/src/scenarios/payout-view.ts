/** What the venue tells others while money goes out: a fund that believes it. */
import type { Hex } from '@holdfast/units';
import { encodeFunctionData, parseAbi } from 'viem';
import type { Attack } from '../types.ts';
import { type Errand, openPayee, payeeAt, turnToken } from '../world/payee.ts';
import type { World } from '../world/world.ts';
import { paysFirst } from './payout-hook.ts';

const abi = parseAbi([
  'function enter(uint256 amount)',
  'function invest(uint256 amount)',
  'function leave()',
]);
const stake = 100_000;
/** Less than the half: what it owes at an inflated value must be there. */
const invested = 80_000;
const poolStake = 120_000;

const fundCall = (fund: Hex, functionName: 'enter' | 'invest', amount: bigint): Errand => [
  fund,
  encodeFunctionData({ abi, functionName, args: [amount] }),
];

/** Carol's fund: half tokens, half shares of the backstop; half of its units are the attacker's. */
async function before(world: World): Promise<void> {
  await world.user('carol', 1_000);
  await world.attacker('mallory', 1_000);
  const { token } = world.venue.contracts;
  const backstop = world.addressOf('backstop');
  const fund = await world.deploy(
    'carol',
    'Payee.sol',
    'Fund',
    ['address', 'address'],
    [backstop, token],
  );
  world.memory.people.set('fund', { name: 'fund', address: fund, account: 0, isAttacker: false });
  const payee = await openPayee(world, 'mallory');
  const amount = world.tokens(stake);
  await world.mint('carol', stake);
  await world.call('carol', 'token', 'approve', [fund, amount]);
  const [, entering] = fundCall(fund, 'enter', amount);
  await world.send('carol', 'enters her fund', { to: fund, data: entering });
  await world.call('deployer', 'token', 'mint', [payee.address, world.tokens(stake + poolStake)]);
  const own = (to: Hex, sum: number): Errand => [
    token,
    world.encode('token', 'approve', [to, world.tokens(sum)]),
  ];
  await payee.act('approves the fund', own(fund, stake));
  await payee.act('enters the fund', fundCall(fund, 'enter', amount));
  const [, investing] = fundCall(fund, 'invest', world.tokens(invested));
  await world.send('carol', 'invests', { to: fund, data: investing });
  await payee.act('approves the backstop', own(backstop, poolStake));
  const pool = (name: string, ...args: unknown[]): Errand => [
    backstop,
    world.encode('backstop', name, args),
  ];
  await payee.act('joins the backstop', pool('deposit', 0, world.tokens(poolStake)));
  const [shares] = (await world.read('backstop', 'holdingOf', 0, payee.address)) as [bigint];
  await payee.act('asks for its shares', pool('requestWithdrawal', 0, shares));
  await world.wait(86_402);
}

async function run(world: World): Promise<void> {
  const backstop = world.addressOf('backstop');
  const fund = world.person('fund').address;
  const payee = payeeAt(world, 'mallory', world.person('payee').address);
  const leave: Errand = [fund, encodeFunctionData({ abi, functionName: 'leave' })];
  await world.attack('will leave the fund while it is paid', async () => {
    await turnToken(world, 4n, 'makes the token call whoever is paid');
    await world.breach(['CustodyModule'], [paysFirst]);
    await payee.plan([leave]);
  });
  await payee.act('leaves the backstop', [backstop, world.encode('backstop', 'withdraw', [0])]);
  await payee.act('leaves the fund', leave);
}

export const payoutView: Attack = {
  kind: 'attack',
  name: 'payout-view',
  title: 'What is read while money goes out',
  story:
    'A fund of somebody else holds shares of the backstop and values them by what the venue ' +
    'says. The attacker leaves the backstop, whose module pays before it debits, and leaves the ' +
    'fund in the middle of the payment: the shares are gone, the money is still counted.',
  incidents: ['ExchangeIssuance 2026-07: quote, hook, settle'],
  control: 'views of money answer nothing while an operation is under way',
  invariants: ['I1'],
  terms: { collateral: { file: 'HostileToken.sol', name: 'HostileToken' } },
  bound: 0n,
  profitMin: 5_000_000_000n,
  isBreach: true,
  before,
  run,
  ablations: [
    {
      kind: 'source',
      name: 'views are locked',
      contracts: ['ClearingHouse'],
      edits: [
        {
          file: 'src/ClearingHouse.sol',
          from: `    function health(uint32 id)
        external
        view
        nonReentrantView
`,
          to: `    function health(uint32 id)
        external
        view
`,
        },
      ],
    },
  ],
};
