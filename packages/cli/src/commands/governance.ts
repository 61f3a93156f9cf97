/** governance: votes about what the venue's governor does, where many govern. */
import { parametersAbi, venueAccessAbi } from '@holdfast/abi';
import {
  type ChainReader,
  chainAccess,
  createChainReader,
  loadVenue,
  type Venue,
} from '@holdfast/host';
import {
  createGovernance,
  createVotes,
  type Done,
  type Proposal,
  type ProposedCall,
  type Votes,
} from '@holdfast/sdk';
import { builds, type ContractName, entriesOf, readFacts } from '@holdfast/trust';
import { EnvironmentError, type Rejection } from '@holdfast/units';
import { Command } from 'commander';
import { type Abi, type Address, decodeFunctionData, encodeFunctionData, type Hex } from 'viem';
import { UsageError } from '../failure.ts';
import { type Result, table } from '../io.ts';
import { parseWhole } from '../parse.ts';
import { agreed, type Session } from '../session.ts';
import { ballotCommands, ballotOf } from './ballot.ts';
import { changeTuple } from './govern.ts';
import { finish, group, type Perform } from './shared.ts';

type Places = Readonly<Partial<Record<ContractName, Address>>>;

export type Floor = {
  readonly venue: Venue;
  readonly reader: ChainReader;
  readonly votes: Votes;
  readonly access: Address;
  readonly client: Awaited<ReturnType<Session['client']>>;
  places(): Promise<Places>;
};

/** The access manager: in charge, or named to be. */
async function accessOf(reader: ChainReader, venue: Venue): Promise<Address> {
  const call = { address: venue.contracts.parameters, abi: parametersAbi } as const;
  const [now, [next]] = await Promise.all([
    reader.readContract({ ...call, functionName: 'governor' }),
    reader.readContract({ ...call, functionName: 'pendingGovernor' }),
  ]);
  for (const address of [now, next]) {
    const code = await reader.getCode({ address });
    if (code === undefined || code === '0x') continue;
    const known = { address, abi: venueAccessAbi, functionName: 'shadowSeconds' } as const;
    if (await reader.readContract(known).catch(() => undefined)) return address;
  }
  throw new EnvironmentError('GovernanceMissing', `no votes govern this venue, but ${now}`);
}

/** What a command about votes works with. */
export async function floorOf(s: Session, how: 'sign' | 'read'): Promise<Floor> {
  const venue = loadVenue(s.dir);
  const given = s.globals.rpc && { rpcUrl: s.globals.rpc };
  const reader = createChainReader({ ...chainAccess(venue), ...given });
  const access = await accessOf(reader, venue);
  const client = await s.client(how);
  const votes = createVotes(reader, client.chain(), access, venue.deployBlock);
  const places = async (): Promise<Places> => (await readFacts(reader, venue)).places;
  return { venue, reader, votes, access, client, places };
}

/** A call in words: contract, function and arguments. */
function describe(places: Places, { target, data }: ProposedCall): string {
  const found = Object.entries(places).find(
    ([, address]) => address?.toLowerCase() === target.toLowerCase(),
  );
  if (found === undefined) return `${target} ${data.slice(0, 10)}, a contract of others`;
  const [name] = found as [ContractName, Address];
  try {
    const { functionName, args = [] } = decodeFunctionData({ abi: builds[name].abi as Abi, data });
    const shown = JSON.stringify(args, (_, value) =>
      typeof value === 'bigint' ? `${value}` : value,
    );
    return `${name}.${functionName}${shown}`;
  } catch {
    return `${name} ${data.slice(0, 10)}, which it does not know`;
  }
}

const dateOf = (seconds: number): string =>
  seconds === 0 ? '-' : new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');

async function status(s: Session): Promise<Result> {
  const { votes, places, access } = await floorOf(s, 'read');
  const [all, known] = await Promise.all([votes.list(), places()]);
  const rows = all.map((each: Proposal) => [
    `${each.number}`,
    each.state,
    `${each.votesFor}/${each.votesAgainst}/${each.votesAbstain}`,
    `${each.quorum}`,
    dateOf(each.deadline),
    dateOf(each.eta),
    each.calls
      .map((call) => describe(known, call))
      .join('; ')
      .slice(0, 120),
  ]);
  const head = ['no', 'state', 'for/against/abstain', 'quorum', 'vote until', 'from', 'what'];
  const text = all.length === 0 ? 'no proposals' : table([head, ...rows], 9);
  return {
    data: {
      access,
      proposals: all.map((each) => ({
        ...each,
        what: each.calls.map((call) => describe(known, call)),
      })),
    },
    text: `access manager ${access}\n\n${text}`,
  };
}

/** An argument as JSON, or as it stands: addresses, numbers and words need no quotes. */
function argumentOf(text: string): unknown {
  if (!/^[[{"]|^(true|false)$/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`the argument ${text} is no JSON`);
  }
}

/** Calldata of a contract's function by its name. @throws UsageError */
function callOf(places: Places, contract: string, name: string, args: string[]): ProposedCall {
  const names = Object.keys(places) as ContractName[];
  const found = names.find((each) => each.toLowerCase() === contract.toLowerCase());
  const target = found && places[found];
  if (found === undefined || target === undefined) {
    throw new UsageError(`there is no contract "${contract}"; there are ${names.join(', ')}`);
  }
  const { abi } = builds[found];
  const active = entriesOf(abi).filter(({ isActive }) => isActive);
  if (!active.some(({ item }) => item.name === name)) {
    const known = active.map(({ item }) => item.name).join(', ');
    throw new UsageError(`${found} has no function "${name}" to call; it has ${known}`);
  }
  try {
    const values = args.map(argumentOf);
    const data = encodeFunctionData({ abi: abi as Abi, functionName: name, args: values });
    return { target, data };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new UsageError(`the arguments do not fit ${found}.${name}: ${line}`);
  }
}

/** Begins a vote, and says what comes next. */
export async function begin(
  { votes }: Floor,
  calls: readonly ProposedCall[],
  why: string,
): Promise<Result> {
  const done = agreed(await votes.propose(calls, why));
  const number = (await votes.list()).length;
  return {
    data: { ...done, number },
    text: `proposal ${number}: transaction ${done.tx}`,
    next: `holdfast governance vote ${number} for --key seat-1`,
  };
}

async function propose(s: Session, contract: string, name: string, args: string[], why: string) {
  const floor = await floorOf(s, 'sign');
  return begin(floor, [callOf(await floor.places(), contract, name, args)], why);
}

async function proposeMarket(s: Session, symbol: string, changes: string[], why: string) {
  const floor = await floorOf(s, 'sign');
  const { venue, client } = floor;
  const market = venue.markets.find((each) => each.symbol === symbol.toUpperCase());
  if (market === undefined) throw new UsageError(`there is no market "${symbol}"`);
  const govern = createGovernance(venue, client.chain());
  const tuple = changeTuple(await govern.market(market.id), changes);
  const target = venue.contracts.parameters;
  const args = [market.id, tuple] as const;
  const data = encodeFunctionData({
    abi: parametersAbi as Abi,
    functionName: 'proposeMarket',
    args,
  }) as Hex;
  return begin(floor, [{ target, data }], why);
}

async function act(
  s: Session,
  what: string,
  run: (votes: Votes) => Promise<Done | Rejection>,
): Promise<Result> {
  const { votes } = await floorOf(s, 'sign');
  const done = agreed(await run(votes));
  return { data: { ...done, action: what }, text: `${what}: transaction ${done.tx}` };
}

const collect = (value: string, before: string[]): string[] => [...before, value];
const numberOf = (text: string): number => parseWhole(text, 'proposal', 1e9);

function proposing(perform: Perform): Command[] {
  const any = new Command('propose')
    .description('Begin a vote about a call of one of the venue’s contracts')
    .argument('<contract>', 'such as Breaker')
    .argument('<function>', 'such as removeGuardian')
    .argument('[args...]', 'its arguments; tuples and lists as JSON')
    .requiredOption('--why <text>', 'the reason; tells it from every other proposal');
  const market = new Command('propose-market')
    .description('Begin a vote about parameters of a market, as one tuple')
    .argument('<market>', 'symbol')
    .requiredOption(
      '--set <name=value>',
      'a field, in the contracts’ units; repeatable',
      collect,
      [],
    )
    .requiredOption('--why <text>', 'the reason; tells it from every other proposal');
  return [
    finish(any, [
      'holdfast governance propose Breaker removeGuardian 0x… --why "left" --key seat-1',
      'holdfast governance propose Council setSeat 0x… true --why "joins" --key seat-1',
    ]).action((contract, name, args, options) =>
      perform(options, (s) => propose(s, contract, name, args, options.why)),
    ),
    finish(market, [
      'holdfast governance propose-market BTC-USD --set bandPpm=90000 --why "calm" --key seat-1',
    ]).action((symbol, options) =>
      perform(options, (s) => proposeMarket(s, symbol, options.set, options.why)),
    ),
  ];
}

const steps = {
  queue: ['Anyone: start the delay of what was voted', 'keeper'],
  execute: ['Anyone: do what was voted, after its delay', 'keeper'],
  cancel: ['Proposer: drop the own proposal before the vote', 'seat-1'],
  veto: ['Guardian: one word of more than half to drop a proposal', 'guardian'],
} as const;

/** The `governance` group. */
export function governanceCommands(perform: Perform): Command {
  const all = group('governance', 'Votes: propose, vote, sign, queue, execute, veto', [
    'holdfast governance status',
    'holdfast governance propose-market BTC-USD --set bandPpm=90000 --why "calm" --key seat-1',
    'holdfast governance vote 1 for --key seat-2',
  ]);
  const show = new Command('status').description('Every proposal with its state and votes');
  all.addCommand(
    finish(show, ['holdfast governance status --json']).action((options) =>
      perform(options, status),
    ),
  );
  for (const command of proposing(perform)) all.addCommand(command);
  const vote = new Command('vote')
    .description('Vote with the own votes, as they stood at the snapshot')
    .argument('<number>', 'of the proposal')
    .argument('<ballot>', 'for, against or abstain');
  all.addCommand(
    finish(vote, ['holdfast governance vote 1 for --key seat-2']).action(
      (text, ballot, options) => {
        const number = numberOf(text);
        const vote = ballotOf(ballot);
        return perform(options, (s) =>
          act(s, `voted ${vote} ${number}`, (votes) => votes.vote(number, vote)),
        );
      },
    ),
  );
  for (const command of ballotCommands(perform, floorOf)) all.addCommand(command);
  for (const [name, [what, key]] of Object.entries(steps)) {
    const command = new Command(name).description(what).argument('<number>', 'of the proposal');
    all.addCommand(
      finish(command, [`holdfast governance ${name} 1 --key ${key}`]).action((text, options) => {
        const number = numberOf(text);
        return perform(options, (s) =>
          act(s, `${name} ${number}`, (votes) => votes[name as keyof typeof steps](number)),
        );
      }),
    );
  }
  const over = new Command('take-over').description(
    'Anyone: put the votes in charge where the governor before has named them',
  );
  all.addCommand(
    finish(over, ['holdfast governance take-over --key keeper']).action((options) =>
      perform(options, (s) => act(s, 'take over', (votes) => votes.takeOver())),
    ),
  );
  return all;
}
