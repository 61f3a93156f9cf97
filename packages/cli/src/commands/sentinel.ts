/** sentinel: what those who watch the venue see, asked of each that runs beside its folder. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage, fetchJson, readJson } from '@holdfast/host';
import type { FindingRow, SentinelStatus } from '@holdfast/sentinel';
import { EnvironmentError } from '@holdfast/units';
import type { Command } from 'commander';
import { Command as Made } from 'commander';
import { z } from 'zod';
import { pairs, type Result, table } from '../io.ts';
import { findVenueDir, type Session } from '../session.ts';
import { ackCommand } from './sentinel-ack.ts';
import { backtestCommand } from './sentinel-backtest.ts';
import { finish, group, type Perform } from './shared.ts';

type Options = { readonly at?: string; readonly all?: boolean };

const addressSchema = z.object({ name: z.string(), url: z.url() });
type Known = z.output<typeof addressSchema>;

/** Sentinels of the venue's folder, or the one that was named. */
function sentinelsOf(s: Session, { at }: Options): Known[] {
  if (at !== undefined) return [{ name: at, url: at.replace(/\/$/, '') }];
  const dir = findVenueDir(s.globals, s.io.cwd);
  const folder = dir === undefined ? undefined : join(dir, 'sentinels');
  const names = folder !== undefined && existsSync(folder) ? readdirSync(folder).sort() : [];
  const known = names
    .map((name) => join(folder as string, name, 'address.json'))
    .filter((path) => existsSync(path))
    .map((path) => addressSchema.parse(readJson(path, 'address of a sentinel')));
  if (known.length > 0) return known;
  const text = 'no sentinel is known here: start the venue, or name one by --at URL';
  throw new EnvironmentError('SentinelMissing', text);
}

/** An answer of each; the problem where one does not answer. */
async function askAll<T>(known: readonly Known[], path: string) {
  return Promise.all(
    known.map(async ({ name, url }) => {
      try {
        const { status, body } = await fetchJson(`${url}/${path}`, { timeoutMs: 3_000 });
        if (status !== 200) throw new Error(`it answers ${status}`);
        return { name, url, body: body as T, problem: undefined };
      } catch (error) {
        return { name, url, body: undefined, problem: errorMessage(error) };
      }
    }),
  );
}

function statusText(status: SentinelStatus, url: string): string {
  const broken = status.laws.filter(({ holds }) => !holds);
  const held = status.laws.length - broken.length;
  const trusted = status.endpoints.filter((each) => each.trusted);
  const out = status.endpoints.filter((each) => !each.trusted);
  const { guardian, overhead, findings, pool } = status;
  const rows: [string, string][] = [
    ['sentinel', `${status.name}, ${status.healthy ? 'healthy' : 'NOT healthy'}, ${url}`],
    ['block', `${status.block}, seen ${(status.silentMs / 1000).toFixed(1)} s ago`],
    ['laws', `${held} of ${status.laws.length} held`],
    ['asked', `${status.questions} questions, ${status.evm} of them on chain too`],
    ['compared', `${status.reads} values of storage`],
    ['proven', `${status.proven} blocks by their receipts, ${status.reorgs} taken back`],
    [
      'overhead',
      `${overhead.medianMs.toFixed(0)} ms a block, at most ${overhead.maxMs.toFixed(0)}`,
    ],
    ['pending', `${pool.run} run, ${pool.threats} would break a law, ${pool.dropped} not run`],
    [
      'endpoints',
      `${trusted.length} of ${status.endpoints.length} in use, ${status.quorum} must agree`,
    ],
    ['findings', `${findings.open} kept, ${findings.critical} critical`],
  ];
  for (const law of broken) rows.push(['BROKEN', `${law.id} ${law.title}`]);
  for (const each of out) rows.push(['left out', `${each.name}: ${each.fault}, ${each.why}`]);
  if (guardian === undefined) rows.push(['guardian', 'none: it watches and tells']);
  else {
    const may = guardian.isGuardian ? '' : ', which is NO guardian of the breaker';
    const did = `${guardian.sent} tightenings sent, ${guardian.beats} beats`;
    rows.push(['guardian', `${guardian.address}${may}; ${did}`]);
  }
  return pairs(rows);
}

async function status(s: Session, options: Options): Promise<Result> {
  const answers = await askAll<SentinelStatus>(sentinelsOf(s, options), 'status');
  const data = answers.map(({ name, url, body, problem }) => ({ name, url, problem, ...body }));
  const texts = answers.map(({ name, url, body, problem }) =>
    body === undefined ? pairs([['sentinel', `${name}: ${problem}`]]) : statusText(body, url),
  );
  return { data, text: texts.join('\n\n') };
}

const rowOf = (name: string, row: FindingRow): string[] => [
  name,
  row.severity,
  row.rule,
  row.firstBlock === row.lastBlock ? `${row.firstBlock}` : `${row.firstBlock}-${row.lastBlock}`,
  `${row.count}`,
  row.acts ? 'acts' : row.shadow ? 'shadow' : 'tells',
  row.title,
];

async function findings(s: Session, options: Options): Promise<Result> {
  const answers = await askAll<FindingRow[]>(sentinelsOf(s, options), 'findings');
  const rows = answers.flatMap(({ name, body = [] }) =>
    body
      .filter(({ severity }) => options.all === true || (severity !== 'info' && severity !== 'low'))
      .map((row) => ({ name, row })),
  );
  const silent = answers.filter(({ problem }) => problem !== undefined);
  const head = ['sentinel', 'severity', 'rule', 'blocks', 'times', 'does', 'what'];
  const lines = [
    rows.length === 0
      ? 'no findings'
      : table([head, ...rows.map(({ name, row }) => rowOf(name, row))], head.length),
    ...silent.map(({ name, problem }) => `${name} does not answer: ${problem}`),
  ];
  return {
    data: rows.map(({ name, row }) => ({ sentinel: name, ...row })),
    text: lines.join('\n'),
  };
}

/** The `sentinel` group. */
export function sentinelCommands(perform: Perform): Command {
  const examples = ['holdfast sentinel status', 'holdfast sentinel findings --all --json'];
  const all = group('sentinel', 'What the sentinels of a venue see', examples);
  const add = (
    name: string,
    text: string,
    act: (s: Session, options: Options) => Promise<Result>,
  ) => {
    const command = new Made(name)
      .description(text)
      .option('--at <url>', 'address of one sentinel, such as http://127.0.0.1:9464')
      .option('--all', 'findings of low severity too');
    finish(command, [`holdfast sentinel ${name}`]).action((options) =>
      perform(options, (s) => act(s, options)),
    );
    all.addCommand(command);
  };
  add('status', 'Laws, endpoints, guardian and overhead of each sentinel', status);
  add('findings', 'What they found, one line for what goes on', findings);
  all.addCommand(ackCommand(perform));
  all.addCommand(backtestCommand(perform));
  return all;
}
