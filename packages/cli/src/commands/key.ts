/** key: make, import and list keys. */
import { listKeys, readPassphrase } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { Command } from 'commander';
import { UsageError } from '../failure.ts';
import { pairs, type Result, table } from '../io.ts';
import { readChoices, type Session, saveChoices } from '../session.ts';
import { finish, group, type Perform } from './shared.ts';

async function create(s: Session, name: string, options: { import?: string }): Promise<Result> {
  const privateKey = options.import === undefined ? undefined : readKeyFile(options.import);
  const account = await s.makeKey(name, privateKey);
  // The first key of a person becomes the one to use, whatever its name.
  const isFirst = !listKeys(s.keysDir).some((key) => key.name === s.keyName);
  const isChosen = isFirst || name === s.keyName;
  if (isFirst) await saveChoices(s.dir, { ...readChoices(s.dir), key: name });
  return {
    data: { name, address: account.address },
    text: pairs([
      ['key', name],
      ['address', account.address],
      ['stored in', s.keysDir],
    ]),
    next: `holdfast faucet${isChosen ? '' : ` --key ${name}`}   (on a test venue)`,
  };
}

function readKeyFile(path: string): `0x${string}` {
  const text = readPassphrase(path).trim();
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return text as `0x${string}`;
  throw new UsageError(`${path} does not hold a private key (0x and 64 hex digits)`);
}

function list(s: Session): Result {
  const keys = listKeys(s.keysDir);
  const rows = keys.map(({ name, address }) => [name === s.keyName ? '*' : '', name, address]);
  const text = table([['', 'name', 'address'], ...rows], 3);
  return {
    data: keys.map(({ name, address }) => ({ name, address, isDefault: name === s.keyName })),
    text: keys.length === 0 ? `no keys in ${s.keysDir}` : text,
    next: keys.length === 0 ? 'holdfast key create' : undefined,
  };
}

function show(s: Session, name: string): Result {
  const key = listKeys(s.keysDir).find((each) => each.name === name);
  if (!key) throw new EnvironmentError('KeyMissing', `there is no key "${name}" in ${s.keysDir}`);
  const { address, path } = key;
  return {
    data: { name, address, path },
    text: pairs([
      ['key', name],
      ['address', address],
      ['file', path],
    ]),
  };
}

async function choose(s: Session, name: string): Promise<Result> {
  show(s, name);
  await saveChoices(s.dir, { ...readChoices(s.dir), key: name });
  return { data: { key: name }, text: `key "${name}" is used from now on` };
}

/** The `key` group. */
export function keyCommands(perform: Perform): Command {
  const key = group('key', 'Make, import and list keys', [
    'holdfast key create',
    'holdfast key list',
  ]);
  const make = new Command('create')
    .description('Make a key; on a local demo venue its passphrase is stored beside it')
    .argument('[name]', 'name of the key', 'default')
    .option('--import <file>', 'file (mode 600) with a private key to import');
  key.addCommand(
    finish(make, [
      'holdfast key create',
      'holdfast key create trading --passphrase-file ~/.secret',
      'holdfast key create old --import key.txt',
    ]).action((name, options) => perform(options, (s) => create(s, name, options))),
  );
  const all = new Command('list').description('List the keys');
  key.addCommand(
    finish(all, ['holdfast key list', 'holdfast key list --json']).action((options) =>
      perform(options, async (s) => list(s)),
    ),
  );
  const one = new Command('show')
    .description('Show the address of a key')
    .argument('[name]', 'name of the key', 'default');
  key.addCommand(
    finish(one, ['holdfast key show', 'holdfast key show trading']).action((name, options) =>
      perform(options, async (s) => show(s, name)),
    ),
  );
  const use = new Command('use').description('Use a key from now on').argument('<name>');
  key.addCommand(
    finish(use, ['holdfast key use trading']).action((name, options) =>
      perform(options, (s) => choose(s, name)),
    ),
  );
  return key;
}
