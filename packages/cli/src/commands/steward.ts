/** Parameters by measured risk: what is in force, what would be moved, and how models did. */
import { type Backtest, backtest, createPanel, syntheticSeries } from '@holdfast/forecast';
import {
  chainAccess,
  createChainReader,
  createLogger,
  loadVenue,
  type Venue,
} from '@holdfast/host';
import { type RiskTuple, tightest } from '@holdfast/risk';
import {
  createStewardEngine,
  type Look,
  readHistory,
  readSteward,
  type SteeredMarket,
} from '@holdfast/steward';
import { EnvironmentError } from '@holdfast/units';
import { Command } from 'commander';
import { clockTimeOrNone, type Result, table } from '../io.ts';
import { parseWhole } from '../parse.ts';
import { findVenueDir, type Session } from '../session.ts';
import { finish, group, type Perform } from './shared.ts';

function venueOf({ globals, io }: Session): Venue {
  const dir = findVenueDir(globals, io.cwd);
  if (dir !== undefined) return loadVenue(dir);
  const message = 'no venue here; name its folder with --venue';
  throw new EnvironmentError('VenueMissing', message, { retry: false });
}

const fields: readonly (keyof RiskTuple)[] = [
  'initialPpm',
  'maintenancePpm',
  'concentrationPpm',
  'fundingRatePpmMax',
  'openInterestMax',
  'backstopLotsMax',
];

/** One line a field: governance's value, the end of the band, and what is in force. */
function fieldRows(market: SteeredMarket, wanted?: RiskTuple): string[][] {
  const edge = tightest(market.anchor, market.terms);
  return fields.map((field, i) => [
    i === 0 ? market.symbol : '',
    field,
    `${market.anchor[field]}`,
    `${edge[field]}`,
    `${market.current[field]}`,
    ...(wanted === undefined ? [] : [`${wanted[field]}`]),
  ]);
}

async function status(s: Session): Promise<Result> {
  const venue = venueOf(s);
  const state = await readSteward(venue, createChainReader(chainAccess(venue)));
  const head = ['market', 'field', 'anchor', 'band', 'in force'];
  const rows = state.markets.flatMap((market) => fieldRows(market));
  const courses = state.markets.map(({ symbol, course }) => [
    symbol,
    clockTimeOrNone(course.movedAt),
    clockTimeOrNone(course.expiresAt),
    course.noticePpm === 0
      ? '-'
      : `${course.noticePpm} from ${clockTimeOrNone(course.noticeReadyAt)}`,
  ]);
  const { steward, operator, inOffice, terms } = state;
  const lines = [
    `steward ${steward}, operator ${operator}${inOffice ? '' : ' (NOT in office)'}`,
    `an hour: ${terms.tightenPpm / 1e4} % tighter, ${terms.loosenPpm / 1e4} % looser`,
    '',
    table([head, ...rows]),
    '',
    table([['market', 'moved', 'until', 'maintenance announced'], ...courses]),
  ];
  return { data: state, text: lines.join('\n') };
}

type ProposeOptions = { barSeconds: string; barsMin: string; history?: string };

function lookText({ symbol, measured, plan, outcome, shadow }: Look): string[] {
  const part = (value: number | undefined) =>
    value === undefined ? '-' : `${(value * 100).toFixed(2)} %`;
  const tried = shadow === undefined ? '-' : `${shadow.liquidated.length} of ${shadow.accounts}`;
  const depth = measured?.depthRatio;
  return [
    symbol,
    part(measured?.margin),
    depth === undefined ? '-' : depth.toFixed(2),
    part(measured?.topShare),
    plan.do,
    outcome,
    tried,
    `${shadow?.confined ?? '-'}`,
  ];
}

/** Sends nothing: a look as the process would have it, with this machine's options. */
async function propose(s: Session, options: ProposeOptions): Promise<Result> {
  const venue = venueOf(s);
  const engine = createStewardEngine({
    venue,
    reader: createChainReader(chainAccess(venue)),
    logger: createLogger('steward', { level: 'silent' }),
    barSeconds: parseWhole(options.barSeconds, 'bar seconds', 86_400),
    barsMin: parseWhole(options.barsMin, 'bars', 10_000),
    history: options.history,
  });
  const { looks, block } = await engine.look();
  const head = ['market', 'margin', 'depth', 'largest', 'plan', 'why', 'liquidated', 'confined'];
  const moved = looks.flatMap(({ steered, plan }) =>
    plan.do === 'rest' ? [] : fieldRows(steered, plan.tuple),
  );
  const lines = [`at block ${block}`, table([head, ...looks.map(lookText)])];
  const columns = ['market', 'field', 'anchor', 'band', 'in force', 'proposed'];
  if (moved.length > 0) lines.push('', table([columns, ...moved]));
  return { data: { block, looks }, text: lines.join('\n') };
}

const wide = 'BTC,ADA,ATOM,BCH,BNB,DOGE,DOT,ETH,FIL,LINK,LTC,MATIC,NEAR,SOL,THETA,TRX,XRP'.split(
  ',',
);
const margined = ['BTC', 'ETH', 'SOL', 'DOGE', 'LINK'];

const percent = (value: number, digits = 2): string => `${(value * 100).toFixed(digits)} %`;

function backtestText({ folds, forecasts, models, margins }: Backtest): string {
  const forecastRows = models.map(({ model, qlike, againstHar, foldsBetter }) => [
    model,
    qlike.toFixed(4),
    `${againstHar > 0 ? '+' : ''}${percent(againstHar, 1)}`,
    `${foldsBetter} of ${folds}`,
  ]);
  const marginRows = margins.map(({ method, breaches, mean, peakToTrough, worstDay }) => [
    method,
    percent(breaches),
    percent(mean),
    peakToTrough.toFixed(1),
    worstDay.toFixed(1),
  ]);
  return [
    `${folds} folds, ${forecasts} forecasts out of sample of the next 24 hours of variance`,
    table([['model', 'QLIKE', 'against HAR', 'better in folds'], ...forecastRows]),
    '',
    'margins for a close-out of an hour at 99.5 %, mean of the assets',
    table([['method', 'breaches', 'mean margin', 'peak/trough', 'worst day'], ...marginRows]),
  ].join('\n');
}

type BacktestOptions = { data?: string; assets?: string; stride: string; foldHours: string };

function runBacktest(s: Session, options: BacktestOptions): Result {
  const wanted = options.assets?.split(',').map((each) => each.trim().toUpperCase());
  const series =
    options.data === undefined
      ? syntheticSeries(wanted ?? ['BTC', 'ETH', 'SOL'], 12_000, 1)
      : readHistory(options.data, wanted ?? wide);
  const panel = createPanel(series, 3_600);
  const chosen = margined.filter((name) => series.has(name));
  const result = backtest(panel, {
    marginAssets: chosen.length > 0 ? chosen : [...series.keys()].slice(0, 5),
    stride: Math.max(1, parseWhole(options.stride, 'stride', 720)),
    foldBars: parseWhole(options.foldHours, 'hours of a fold', 100_000),
    onFold: (fold, of) => s.io.err(`fold ${fold} of ${of}\n`),
  });
  const source = options.data === undefined ? 'synthetic prices, seed 1' : options.data;
  const text = `${source}: ${series.size} assets, ${panel.length} hours\n${backtestText(result)}`;
  return { data: { source, assets: [...series.keys()], ...result }, text };
}

/** `holdfast steward` with its commands. */
export function stewardCommands(perform: Perform): Command {
  const steward = group('steward', 'Margins and caps by measured risk', [
    'holdfast steward status',
    'holdfast steward backtest --data ../bars',
  ]);
  const show = new Command('status').description(
    'Anchor, band and parameters in force of every market, by whom and until when',
  );
  steward.addCommand(
    finish(show, ['holdfast steward status', 'holdfast steward status --json']).action((options) =>
      perform(options, status),
    ),
  );
  const look = new Command('propose')
    .description('What the steward would move now, tried on the live accounts; sends nothing')
    .option('--bar-seconds <n>', 'length of a live bar, venue seconds', '60')
    .option('--bars-min <n>', 'fewest live bars without a history', '60')
    .option('--history <dir>', 'folder of recorded hourly bars to learn from');
  steward.addCommand(
    finish(look, ['holdfast steward propose --bars-min 20']).action((options) =>
      perform(options, (s) => propose(s, options)),
    ),
  );
  const test = new Command('backtest')
    .description('How the models did on recorded bars, walk-forward; synthetic ones without --data')
    .option('--data <dir>', 'SYMBOLUSDT_1h.csv or .csv.gz (also below hourly/): ts,high,low,close')
    .option('--assets <list>', 'symbols, such as BTC,ETH')
    .option('--stride <hours>', 'judge and learn from every so many hours', '3')
    .option('--fold-hours <n>', 'length of a fold', '4380');
  const examples = ['holdfast steward backtest --data ../bars', 'holdfast steward backtest'];
  steward.addCommand(
    finish(test, examples).action((options) =>
      perform(options, async (s) => runBacktest(s, options)),
    ),
  );
  return steward;
}
