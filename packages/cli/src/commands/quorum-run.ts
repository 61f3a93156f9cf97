/** quorum init, party, relay: found a committee and run its processes. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLogger, ensurePrivateDir, readJson, writeJsonAtomic } from '@holdfast/host';
import {
  foundParty,
  invite,
  openParty,
  partyPaths,
  passphraseFrom,
  readInvitation,
  readParty,
  readRosterFile,
  runParty,
  serveRelay,
} from '@holdfast/party';
import { Command, Option } from 'commander';
import { UsageError } from '../failure.ts';
import { pairs, type Result } from '../io.ts';
import { parseAddress, parseName, parseWhole } from '../parse.ts';
import { agreed, type Session } from '../session.ts';
import { finishQuorum, homeOf, passphraseSource, type SecretOptions } from './quorum-shared.ts';
import type { Perform } from './shared.ts';

type InitOptions = {
  readonly name: string;
  readonly threshold: string;
  readonly parties: string;
  readonly chainId: string;
  readonly contract: string;
  readonly relay: string;
  readonly out: string;
};

async function init(s: Session, options: InitOptions): Promise<Result> {
  const names = options.parties.split(',').map((each) => parseName(each.trim()));
  const invitations = agreed(
    invite({
      name: parseName(options.name),
      chainId: parseWhole(options.chainId, 'chain id'),
      contract: parseAddress(options.contract.toLowerCase()),
      threshold: parseWhole(options.threshold, 'threshold'),
      parties: names,
      relay: options.relay,
    }),
  );
  const out = resolve(s.io.cwd, options.out);
  const files = invitations.map(({ you }) => join(out, `invitation-${you}.json`));
  const taken = files.find((file) => existsSync(file));
  if (taken !== undefined) throw new UsageError(`${taken} exists; give another --out`);
  ensurePrivateDir(out);
  for (const [i, invitation] of invitations.entries()) await writeJsonAtomic(files[i]!, invitation);
  return {
    data: { files },
    text: pairs(invitations.map(({ you }, i) => [you, files[i]!])),
    next:
      'send each party its file over a private way, start quorum relay, and have each run\n' +
      '      holdfast quorum party --invitation FILE   on its own machine',
  };
}

type PartyOptions = SecretOptions & {
  readonly invitation?: string;
  readonly policy: 'listed' | 'open';
  readonly trustRoster?: boolean;
  readonly relay?: string;
  readonly rpc?: string;
};

/** Makes a party's folder for a process that runs it itself, such as a reporter. */
async function enterParty(s: Session, file: string, options: SecretOptions): Promise<Result> {
  const dir = homeOf(s, options);
  if (existsSync(partyPaths(dir).party)) throw new UsageError(`${dir} holds a party already`);
  const path = resolve(s.io.cwd, file);
  const invitation = readInvitation(readJson(path, 'invitation'), path);
  const passphrase = await passphraseFrom(passphraseSource(s.io, dir, options));
  const { identity } = await foundParty(dir, invitation, passphrase);
  const { card } = partyPaths(dir);
  return {
    data: { dir, card, key: identity.sign.public },
    text: pairs([
      ['party', `${invitation.you} in ${dir}`],
      ['card', card],
    ]),
    next: `delete ${file}; the process whose folder it is takes the party up by itself`,
  };
}

async function party(s: Session, options: PartyOptions): Promise<undefined> {
  const dir = homeOf(s, options);
  // Said before anybody is asked for a passphrase.
  if (options.invitation === undefined) readParty(dir);
  const passphrase = await passphraseFrom(passphraseSource(s.io, dir, options));
  if (options.invitation !== undefined && !existsSync(partyPaths(dir).party)) {
    const path = resolve(s.io.cwd, options.invitation);
    await foundParty(dir, readInvitation(readJson(path, 'invitation'), path), passphrase);
  }
  const vault = await openParty(dir, passphrase);
  const logger = createLogger('party', { destination: { write: (line) => s.io.out(line) } });
  const { policy, trustRoster, relay, rpc } = options;
  const rpcUrl = () => rpc;
  const running = await runParty({ dir, vault, logger, policy, trustRoster, relay, rpcUrl });
  logger.info({ name: running.name, key: running.key, dir }, 'ready');
  await untilAbort(s);
  await running.close();
  return undefined;
}

type RelayOptions = { readonly host: string; readonly port: string; readonly allow?: string };

async function relay(s: Session, options: RelayOptions): Promise<undefined> {
  const { allow, host } = options;
  const roster = allow === undefined ? undefined : readRosterFile(resolve(s.io.cwd, allow));
  const allowed = roster && new Set(roster.parties.map((each) => each.key));
  const port = parseWhole(options.port, 'port', 65_535);
  const logger = createLogger('relay', { destination: { write: (line) => s.io.out(line) } });
  const server = await serveRelay({ host, port, logger, allowed });
  logger.info({ host, port: server.port }, 'ready');
  await untilAbort(s);
  await server.close();
  return undefined;
}

function untilAbort(s: Session): Promise<void> {
  if (s.io.signal.aborted) return Promise.resolve();
  return new Promise((done) => s.io.signal.addEventListener('abort', () => done(), { once: true }));
}

const policyOption = () =>
  new Option(
    '--policy <policy>',
    'listed: sign what quorum allow named; open: whatever a member asks for',
  )
    .choices(['listed', 'open'])
    .default('listed');

/** The commands that begin something. */
export function runCommands(perform: Perform): Command[] {
  const start = new Command('init')
    .description('Write one invitation for each party of a new committee')
    .requiredOption('--name <name>', 'name of the committee')
    .requiredOption('--threshold <t>', 'parties that make a signature')
    .requiredOption('--parties <names>', 'names, separated by commas')
    .requiredOption('--contract <address>', 'the contract that will know the group key')
    .option('--chain-id <id>', 'its chain', '31337')
    .option('--relay <url>', 'where the parties will find the relay', 'ws://127.0.0.1:7450')
    .option('--out <dir>', 'where to write the invitations', 'invitations');
  const run = new Command('party')
    .description('Run a party until Ctrl-C; the first time with its invitation')
    .option('--invitation <file>', 'makes the party: fresh keys, sealed in --dir')
    .option('--passphrase-file <file>', 'file (mode 600) with the passphrase')
    .option('--passphrase-command <words...>', 'program and arguments that print the passphrase')
    .option('--relay <url>', 'another relay than that of the invitation')
    .option('--rpc <url>', 'your own node of the chain: without it no rotation is signed here')
    .option('--trust-roster', 'believe the enrolment without comparing (demonstrations only)')
    .addOption(policyOption());
  const enter = new Command('join')
    .description('Make a party from its invitation for a reporter, which runs it by itself')
    .argument('<invitation>', 'file that was sent to this party')
    .option('--passphrase-file <file>', 'file (mode 600) with the passphrase')
    .option('--passphrase-command <words...>', 'program and arguments that print the passphrase');
  const pass = new Command('relay')
    .description('Pass sealed envelopes between the parties, until Ctrl-C')
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on', '7450')
    .option('--allow <roster>', 'roster file; without it any key may log in');
  const address = '0x1111111111111111111111111111111111111111';
  return [
    finishQuorum(start, [
      `holdfast quorum init --name oracle --threshold 3 --parties ann,bob,cid,dan,eve \\
      --contract ${address}`,
    ]).action((options) => perform(options, (s) => init(s, options))),
    finishQuorum(run, [
      'holdfast quorum party --invitation invitation-ann.json --dir ann',
      'holdfast quorum party --dir ann --passphrase-file /run/secrets/ann',
      'holdfast quorum party --dir ann --passphrase-command vault read -field=value secret/ann',
    ]).action((options) => perform(options, (s) => party(s, options))),
    finishQuorum(enter, [
      'holdfast quorum join invitation-ann.json --dir ann/g2 --passphrase-file ann/passphrase',
    ]).action((file, options) => perform(options, (s) => enterParty(s, file, options))),
    finishQuorum(pass, [
      'holdfast quorum relay',
      'holdfast quorum relay --host 0.0.0.0 --port 7450 --allow ann/roster.json',
    ]).action((options) => perform(options, (s) => relay(s, options))),
  ];
}
