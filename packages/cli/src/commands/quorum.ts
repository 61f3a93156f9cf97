/** quorum: a committee whose key no one holds. */
import { resolve } from 'node:path';
import { readJson, writeJsonAtomic } from '@holdfast/host';
import {
  examine,
  inviteToJoin,
  type PartyStatus,
  readCard,
  readParty,
  readRosterFile,
} from '@holdfast/party';
import { type Generation, type Roster, readRoster, rosterHash } from '@holdfast/quorum';
import { EnvironmentError, reject } from '@holdfast/units';
import { Command } from 'commander';
import { Refused, UsageError } from '../failure.ts';
import { pairs, type Result, table } from '../io.ts';
import { parseName, parseWhole } from '../parse.ts';
import { agreed, type Session } from '../session.ts';
import { rotateCommands } from './quorum-rotate.ts';
import { runCommands } from './quorum-run.ts';
import { askParty, type DirOptions, finishQuorum, homeOf, rosterText } from './quorum-shared.ts';
import { group, type Perform } from './shared.ts';

/** What the registry says of a party's key. */
function onChain({ registry, groupKey }: PartyStatus): string {
  const { generation, key } = registry as NonNullable<PartyStatus['registry']>;
  if (generation === 0) return 'no key yet';
  if (key === null) return `generation ${generation} is revoked`;
  return `generation ${generation}, ${key === groupKey ? 'our key' : `another key: ${key}`}`;
}

async function status(s: Session, options: DirOptions): Promise<Result> {
  const said = await askParty<PartyStatus>(homeOf(s, options), '/status');
  const { roster, attempt, threshold, holders } = said;
  const rows: [string, string][] = [
    ['party', `${said.name} (${said.key})`],
    ['state', said.state],
    ['relay', said.isConnected ? 'connected' : 'not connected'],
    ...(said.missing.length > 0 ? ([['waits for', said.missing.join(', ')]] as const) : []),
    ...(roster ? ([['roster', roster.fingerprint]] as const) : []),
    ['generation', `${said.gen}`],
    ...(said.groupKey ? ([['group key', said.groupKey]] as const) : []),
    ...(threshold ? ([['signs', `${threshold} of ${holders.join(', ')}`]] as const) : []),
    ...(said.registry ? ([['on chain', onChain(said)]] as const) : []),
    ['holds a share', said.isHolder ? 'yes' : 'no'],
    ...(attempt ? ([['attempt', `${attempt.number}, ${attempt.phase}`]] as const) : []),
    ...said.blames.slice(-5).map((each): [string, string] => ['blamed', each]),
    ...said.waiting.map((each): [string, string] => ['declined', each]),
  ].map(([name, value]) => [name as string, value as string]);
  const next = said.state === 'comparing' ? 'holdfast quorum accept' : undefined;
  return { data: said, text: pairs(rows), next };
}

async function accept(s: Session, said: string | undefined, options: DirOptions): Promise<Result> {
  const dir = homeOf(s, options);
  const { roster } = await askParty<{ roster: Roster | null }>(dir, '/proposed');
  if (roster === null) throw new Refused(reject('RosterMissing', 'no roster waits here'));
  const hash = rosterHash(roster);
  if (said === undefined) {
    const next =
      'read the fingerprint to every other party over another way; if all have the same:\n' +
      `      holdfast quorum accept ${hash}`;
    return { data: { roster, hash }, text: rosterText(roster), next };
  }
  await askParty(dir, '/accept', { hash: said });
  return { data: { hash: said }, text: 'accepted; the key is made once all have accepted' };
}

const activeOf = (s: Session, options: DirOptions): Promise<Generation> =>
  askParty<Generation>(homeOf(s, options), '/active');

type ReshareOptions = DirOptions & {
  readonly threshold?: string;
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly holdersMin?: string;
  readonly out?: string;
  /** Writes the roster and begins nothing. */
  readonly draft?: boolean;
  /** Who joins takes the number of who leaves. */
  readonly inPlace?: boolean;
};

/** The roster that the options make of the one so far. @throws UsageError */
function nextRoster(s: Session, roster: Roster, options: ReshareOptions): Roster {
  const { add = [], remove = [], threshold } = options;
  for (const name of remove) {
    if (!roster.parties.some((party) => party.name === name)) {
      const known = roster.parties.map((party) => party.name).join(', ');
      throw new UsageError(`there is no party "${name}" (there are ${known})`);
    }
  }
  const joining = add.map((file) => {
    const path = resolve(s.io.cwd, file);
    const { name, key, seal } = readCard(readJson(path, 'card'), path);
    return { name, key, seal };
  });
  const left = roster.parties.filter(({ name }) => !remove.includes(name));
  const parties = options.inPlace
    ? roster.parties.map((party) => (remove.includes(party.name) ? joining[0]! : party))
    : [...left, ...joining];
  const t = threshold === undefined ? roster.threshold : parseWhole(threshold, 'threshold');
  return agreed(readRoster({ ...roster, threshold: t, parties }));
}

async function reshare(s: Session, options: ReshareOptions): Promise<Result> {
  const { roster: old } = await activeOf(s, options);
  const roster = nextRoster(s, old, options);
  const isSame = rosterHash(roster) === rosterHash(old);
  const holdersMin =
    options.holdersMin === undefined
      ? {}
      : { holdersMin: parseWhole(options.holdersMin, 'holders') };
  const isDraft = options.draft === true;
  if (!isDraft) await askParty(homeOf(s, options), '/reshare', { roster, ...holdersMin });
  if (isSame) {
    const text = 'the key is being dealt anew to the same parties';
    return { data: { roster: rosterHash(roster) }, text, next: 'holdfast quorum status' };
  }
  const out = resolve(s.io.cwd, options.out ?? 'roster-next.json');
  await writeJsonAtomic(out, roster, 0o644);
  return {
    data: { roster: rosterHash(roster), file: out },
    text: rosterText(roster),
    next:
      `send ${out} to the operators of the others, who run\n      holdfast quorum approve FILE` +
      (isDraft ? '\n      then run this again without --draft' : ''),
  };
}

async function approve(s: Session, file: string, options: DirOptions): Promise<Result> {
  const roster = readRosterFile(resolve(s.io.cwd, file));
  const hash = rosterHash(roster);
  await askParty(homeOf(s, options), '/approve', { hash });
  return { data: { roster: hash }, text: `approved:\n${rosterText(roster)}` };
}

async function inviteOne(
  s: Session,
  name: string,
  options: DirOptions & { readonly out?: string },
): Promise<Result> {
  const active = await activeOf(s, options);
  const { relay } = readParty(homeOf(s, options));
  const file = resolve(s.io.cwd, options.out ?? `invitation-${name}.json`);
  await writeJsonAtomic(file, inviteToJoin(active, relay, parseName(name)));
  return {
    data: { file },
    text: pairs([['invitation', file]]),
    next: `send it to ${name}, who runs quorum party --invitation and sends back its card.json`,
  };
}

async function doctor(s: Session, options: DirOptions & { readonly relay?: string }) {
  const checks = await examine(homeOf(s, options), options.relay);
  const rows = checks.map(({ what, verdict, found, cure }) => [
    verdict,
    what,
    cure === undefined ? found : `${found}\n        cure: ${cure}`,
  ]);
  const isBad = checks.some(({ verdict }) => verdict === 'fail');
  if (!isBad) return { data: checks, text: table(rows, 3) };
  if (!('json' in options && options.json)) s.io.out(`${table(rows, 3)}\n`);
  else s.io.out(`${JSON.stringify(checks)}\n`);
  const failed = checks.filter(({ verdict }) => verdict === 'fail').map(({ what }) => what);
  throw new EnvironmentError('PartyUnwell', `not well: ${failed.join(', ')}`, { retry: false });
}

const collectWords = (word: string, all: string[] = []): string[] => [...all, word];

function reshareCommands(perform: Perform): Command[] {
  const holders = '--holders-min <n>';
  const fewest = 'make no generation with fewer holders (default: one more than the threshold)';
  const draft = 'write the new roster for the others to approve, and begin nothing yet';
  const refresh = new Command('refresh')
    .description('Deal the key anew to the same parties; old shares become worthless')
    .option(holders, fewest);
  const other = new Command('reshare')
    .description('Deal the key to another roster or threshold; the group key stays')
    .option('--threshold <t>', 'the new threshold')
    .option('--add <card>', 'card.json of a party that joins (again for more)', collectWords)
    .option('--remove <name>', 'party that leaves (again for more)', collectWords)
    .option(holders, fewest)
    .option('--draft', draft)
    .option('--out <file>', 'where to write the new roster (default: roster-next.json)');
  const replace = new Command('replace')
    .description('Put another party in the place of one that is lost')
    .requiredOption('--lost <name>', 'party that is lost')
    .requiredOption('--card <file>', 'card.json of the one that joins')
    .option(holders, fewest)
    .option('--draft', draft)
    .option('--out <file>', 'where to write the new roster (default: roster-next.json)');
  return [
    finishQuorum(refresh, ['holdfast quorum refresh --dir ann']).action((options) =>
      perform(options, (s) => reshare(s, options)),
    ),
    finishQuorum(other, [
      'holdfast quorum reshare --dir ann --threshold 4',
      'holdfast quorum reshare --dir ann --add fay/card.json --remove eve',
    ]).action((options) => perform(options, (s) => reshare(s, options))),
    finishQuorum(replace, [
      'holdfast quorum replace --dir ann --lost eve --card fay/card.json',
    ]).action((options) => {
      const { lost, card, ...rest } = options;
      return perform(options, (s) =>
        reshare(s, { ...rest, add: [card], remove: [lost], inPlace: true }),
      );
    }),
  ];
}

function peopleCommands(perform: Perform): Command[] {
  const agree = new Command('accept')
    .description('Show the roster of a new committee; with its hash, accept it')
    .argument('[hash]', 'what all parties have compared');
  const join = new Command('invite')
    .description('Invite a party to join a committee that has a key')
    .argument('<name>')
    .option('--out <file>', 'where to write the invitation');
  const say = new Command('approve')
    .description('Let this party deal to another roster')
    .argument('<file>', 'roster-next.json of the one who proposes it');
  return [
    finishQuorum(agree, ['holdfast quorum accept --dir ann']).action((hash, options) =>
      perform(options, (s) => accept(s, hash, options)),
    ),
    finishQuorum(join, ['holdfast quorum invite fay --dir ann']).action((name, options) =>
      perform(options, (s) => inviteOne(s, name, options)),
    ),
    finishQuorum(say, ['holdfast quorum approve roster-next.json --dir bob']).action(
      (file, options) => perform(options, (s) => approve(s, file, options)),
    ),
  ];
}

/** The `quorum` group. */
export function quorumCommands(perform: Perform): Command {
  const quorum = group('quorum', 'Run a party of a committee whose key no one holds', [
    'holdfast quorum init --help',
    'holdfast quorum doctor --dir ann',
  ]);
  const look = new Command('status').description('Show what the running party knows');
  const check = new Command('doctor')
    .description('Check files, rights, clock, relay and committee of a party')
    .option('--relay <url>', 'another relay than the party’s');
  const commands = [
    ...runCommands(perform),
    ...peopleCommands(perform),
    ...rotateCommands(perform),
    ...reshareCommands(perform),
    finishQuorum(look, ['holdfast quorum status --dir ann']).action((options) =>
      perform(options, (s) => status(s, options)),
    ),
    finishQuorum(check, ['holdfast quorum doctor --dir ann']).action((options) =>
      perform(options, (s) => doctor(s, options)),
    ),
  ];
  for (const command of commands) quorum.addCommand(command);
  return quorum;
}
