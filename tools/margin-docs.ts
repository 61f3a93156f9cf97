/**
 * Generator for `npm run docs`: the tables of docs/MARGIN.md. The text of that page is written by
 * hand; between a marker and its end stands what follows from the code:
 *
 * `<!-- parameters FIELD… -->` … `<!-- end -->`: bounds from `Bounds.sol`, direction from law L18.
 * `<!-- rules SECTION -->` … `<!-- end -->`: where each rule of {@link rules} is; a function that
 * is not in its file is an error.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lawOf } from '@holdfast/laws';
import { invariant } from '@holdfast/units';
import type { Term } from '../packages/laws/src/term.ts';
import { root } from './sources.mjs';

const page = 'docs/MARGIN.md';

/** A rule and its two homes: `file#function` below contracts/src and below packages. */
type Rule = readonly [rule: string, solidity: string, typescript: string];

/** Rules that have one name on both sides: in words, and as the function. */
const same = (
  solidity: string,
  typescript: string,
  ...names: readonly (readonly [rule: string, name: string])[]
): Rule[] => names.map(([rule, name]) => [rule, `${solidity}#${name}`, `${typescript}#${name}`]);

/** By section of the page. */
const rules: Readonly<Record<string, readonly Rule[]>> = {
  requirements: [
    ['notional', 'libraries/Margin.sol#notional', 'risk/src/margin.ts#notional'],
    ['open-interest term', 'libraries/Margin.sol#interestPpm', 'risk/src/margin.ts#interestPpm'],
    ['concentration term', 'libraries/Margin.sol#initialPpm', 'risk/src/margin.ts#concentratedPpm'],
    ['initial margin factor', 'libraries/Margin.sol#initialPpm', 'risk/src/margin.ts#initialPpmOf'],
    ['equity and sums', 'libraries/Margin.sol#add', 'risk/src/margin.ts#health'],
    ['rounding up', 'libraries/Margin.sol#shareUp', 'risk/src/margin.ts#shareUp'],
    ['close-out', 'libraries/Margin.sol#closeOut', 'risk/src/margin.ts#closeOut'],
    ['isolation', 'libraries/Margin.sol#isolationHeld', 'risk/src/margin.ts#isolationHeld'],
    ['own leverage', 'modules/RosterModule.sol#setLeverage', 'core/src/chain.ts#setLeverage'],
    ['legal transition (L07)', 'Ledger.sol#_judge', 'risk/src/legal.ts#healthyOrHealthier'],
    ['fast path of a batch', 'libraries/Judging.sol#plain', 'core/src/margin.ts#holdsMargin'],
    ['orders at their worst', '', 'risk/src/margin.ts#initialWithOrders'],
    ['range of open interest', '', 'core/src/interest.ts#interestRange'],
  ],
  prices: [
    ['accepted mark', 'libraries/Marks.sol#accepted', 'oracle/src/mark.ts#acceptMark'],
    ['aged price', 'libraries/Aging.sol#step', 'oracle/src/aged.ts#ageStep'],
    ['aged price, ticks', 'libraries/Aging.sol#toTicks', 'oracle/src/aged.ts#agedTicks'],
    ['rate in force', 'libraries/Funding.sol#clamp', 'oracle/src/accept.ts#clampRate'],
    ['funding step', 'libraries/Funding.sol#step', 'oracle/src/accept.ts#fundingDelta'],
    ['gap', 'libraries/Funding.sol#counted', 'oracle/src/accept.ts#fundingDelta'],
    ['basis', '', 'oracle/src/observed.ts#basisStep'],
    ['mark that reporters observe', '', 'oracle/src/observed.ts#observeMark'],
    ['impact prices', '', 'core/src/impact.ts#impactView'],
    ['premium', '', 'oracle/src/premium.ts#premiumPpb'],
    ['average premium', '', 'oracle/src/premium.ts#averagePremium'],
    ['rate that reporters observe', '', 'oracle/src/premium.ts#fundingRate'],
  ],
  liquidation: [
    ['the way back', 'libraries/Resume.sol#level', 'risk/src/resume.ts#resumeLevel'],
    ['grace after a halt', 'libraries/Resume.sol#afterHalt', 'risk/src/resume.ts#resumeAfterHalt'],
    [
      'grace after an outage',
      'libraries/Resume.sol#afterOutage',
      'risk/src/resume.ts#resumeAfterReport',
    ],
    ['every market in its grace', 'Liquidator.sol#_holdGrace', 'core/src/seize.ts#seizureOrder'],
    ['freed', 'Liquidator.sol#_freed', 'risk/src/liquidation.ts#freedBy'],
    ['share of equity', 'libraries/Liquidations.sol#share', 'risk/src/liquidation.ts#shareOf'],
    ...same(
      'libraries/Liquidations.sol',
      'risk/src/liquidation.ts',
      ['zero price', 'zeroDiscount'],
      ['zero price of a bankrupt account', 'zeroSurcharge'],
      ['fillable price', 'fillDiscount'],
      ['partial size', 'partialLots'],
      ['speed cap', 'speedLots'],
      ['penalty', 'penaltyOf'],
      ["keeper's part", 'rewardOf'],
      ['levy', 'levyPerLot'],
    ),
    [
      'a liquidation whole',
      'modules/LiquidationModule.sol#_outcome',
      'risk/src/liquidation.ts#liquidationTerms',
    ],
    [
      'what the protocol may sell',
      'modules/LiquidationModule.sol#_holdSeizure',
      'risk/src/liquidation.ts#seizureTerms',
    ],
    [
      'penalty of what it sold',
      'modules/LiquidationModule.sol#_seize',
      'risk/src/liquidation.ts#seizurePenalty',
    ],
    ['sale into the book', '', 'core/src/seize.ts#seize'],
    ['lever', 'libraries/Deleveraging.sol#lever', 'risk/src/deleverage.ts#leverOf'],
    [
      'who gives up how much',
      'libraries/Deleveraging.sol#allocate',
      'risk/src/deleverage.ts#allocate',
    ],
    ['who is passed over', 'Counterparties.sol#_eligible', 'risk/src/deleverage.ts#isEligible'],
    [
      'the waterfall whole',
      'modules/WaterfallModule.sol#resolve',
      'risk/src/waterfall.ts#resolution',
    ],
    [
      'what the backstop takes',
      'modules/WaterfallModule.sol#_takeOver',
      'risk/src/waterfall.ts#toBackstop',
    ],
    [
      'what insurance covers',
      'modules/WaterfallModule.sol#_cover',
      'risk/src/waterfall.ts#coverOf',
    ],
    ['what a fund pays in an hour', 'libraries/Draws.sol#left', 'risk/src/pace.ts#drawOf'],
    [
      'what one block resolves (L26)',
      'modules/WaterfallModule.sol#_holdPace',
      'risk/src/pace.ts#paceAfter',
    ],
    ['how much a list must hold', 'Counterparties.sol#_limit', 'risk/src/deleverage.ts#roomsOf'],
  ],
  steering: [
    ['parameters with a tuple', 'libraries/Steering.sol#composed', 'risk/src/steering.ts#composed'],
    ['never looser than the anchor', 'libraries/Steering.sol#held', 'risk/src/steering.ts#held'],
    ['what a move may be', 'Steward.sol#move', 'risk/src/steering.ts#refuseMove'],
    ['what may be announced', 'Steward.sol#announce', 'risk/src/steering.ts#refuseNotice'],
    ['decay', 'libraries/Steering.sol#decayed', 'risk/src/steering.ts#decayed'],
    ['end of the band', 'libraries/StewardBounds.sol#tightest', 'risk/src/steering.ts#tightest'],
    ['another anchor', 'libraries/Steering.sol#carried', ''],
    ['the closest lawful tuple', '', 'risk/src/steering.ts#towards'],
    ['what measured risk asks for', '', 'forecast/src/propose.ts#wantedTuple'],
    ['tried on the accounts', '', 'steward/src/shadow.ts#shadowApply'],
  ],
  withdrawals: [
    ['worse price', 'libraries/Profit.sol#worse', 'risk/src/profit.ts#worsePrice'],
    ['aged loss', 'libraries/Profit.sol#agedLoss', 'risk/src/profit.ts#agedLoss'],
    ['haircut', 'libraries/Profit.sol#haircut', 'risk/src/profit.ts#haircut'],
    ['what is free', 'Withdrawing.sol#_free', ''],
    ['outflow windows (L14)', 'VaultWindows.sol#_count', ''],
    ['what is paid and what waits', 'Vault.sol#_plan', ''],
    ['what is large', 'Vault.sol#_weight', ''],
    ['veto', 'VaultQueue.sol#_veto', ''],
  ],
  exit: [
    ['turn of a request (L22)', 'ForcedQueue.sol#due', 'keeper/src/forced.ts#queueDuty'],
    ['who is set aside', 'modules/ForcedModule.sol#setAsideForced', 'settle/src/forced.ts#execute'],
    ['price of a forced close', 'modules/ForcedModule.sol#_closePrice', ''],
    ['freeze (L23)', 'modules/ExitModule.sol#freeze', 'keeper/src/forced.ts#mayFreeze'],
    ['pool', 'modules/ExitModule.sol#_poolOf', ''],
    ['share of a claim (L24)', 'modules/ExitModule.sol#_shareOf', ''],
  ],
};

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Value of each numeric constant of Bounds.sol. */
function constants(source: string): Map<string, number> {
  const pattern = /constant (\w+) = ([\d_]+);/g;
  return new Map(
    [...source.matchAll(pattern)].map(([, name, value]) => [
      name as string,
      Number((value as string).replaceAll('_', '')),
    ]),
  );
}

/** What Bounds.sol checks of a field: least and most, as numbers or as words. */
function boundsOf(field: string): { low: string; high: string } {
  const source = read('contracts/src/libraries/Bounds.sol');
  const known = constants(source);
  const shown = (text: string): string => {
    const value = known.get(text) ?? Number(text);
    if (Number.isFinite(value)) return value.toLocaleString('en-US');
    if (text === 'maintenanceMax') return '80 % of `initialPpm`';
    if (text === 'clampMax') return 'the less of 100,000 and `initialPpm − maintenancePpm`';
    return `\`${text.replace(/^p\./, '')}\``;
  };
  const call = new RegExp(`_(between|atLeast|atMost)\\("${field}", [^,]+, ([^;]+)\\);`).exec(
    source,
  );
  const [first = '', second = ''] = (call?.[2] ?? '').split(',').map((text) => text.trim());
  if (call === null) return { low: '0', high: 'its width' };
  if (call[1] === 'between') return { low: shown(first), high: shown(second) };
  return call[1] === 'atLeast' ? { low: shown(first), high: '' } : { low: '0', high: shown(first) };
}

/** Fields by path in the comparisons of law L18: which way is tighter. */
function directions(): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (term: Term): void => {
    if (term.op === 'and' || term.op === 'or') for (const part of term.all) visit(part);
    if (term.op !== 'le' && term.op !== 'eq') return;
    if (term.a.op !== 'var' || term.b.op !== 'var') return;
    const [side = '', field = ''] = term.a.path.split('.');
    if (field === '' || term.b.path.split('.')[1] !== field || found.has(field)) return;
    if (term.op === 'le') found.set(field, side === 'current' ? 'up' : 'down');
    else found.set(field, listed.has(field) ? 'fixed' : 'waits both ways');
  };
  visit(lawOf('L18').predicate);
  return found;
}

/** Fields that a listed market keeps: L18 names them beside the listing, not beside looser ones. */
const listed = new Set(['tickValue', 'isolated']);

/** The sentence of Types.sol on a parameter. */
function meaningOf(field: string): string {
  const source = read('contracts/src/Types.sol').replaceAll('\n///        ', ' ');
  const found = new RegExp(`/// @param ${field} (.+)`).exec(source);
  invariant(found !== null, `Types.sol does not say what ${field} is`);
  return (found[1] as string).replaceAll('|', '\\|');
}

function parameters(fields: readonly string[]): string[] {
  const tighter = directions();
  return [
    '| parameter | meaning | least | most | tighter |',
    '|---|---|---|---|---|',
    ...fields.map((field) => {
      const { low, high } = boundsOf(field);
      return `| \`${field}\` | ${meaningOf(field)} | ${low} | ${high} | ${tighter.get(field)} |`;
    }),
  ];
}

/** `file: function`, after checking that it is there. */
function place(below: string, at: string): string {
  if (at === '') return '–';
  const [file = '', name = ''] = at.split('#');
  const isThere = new RegExp(`(function|const) ${name}\\b`).test(read(`${below}/${file}`));
  invariant(isThere, `${below}/${file} has no ${name}`);
  return `\`${name}\` in \`${file}\``;
}

function homes(section: string): string[] {
  const known = rules[section];
  invariant(known !== undefined, `${page} asks for the rules of ${section}, which has none`);
  return [
    '| rule | Solidity, below `contracts/src` | TypeScript, below `packages` |',
    '|---|---|---|',
    ...known.map(([rule, solidity, typescript]) => {
      const here = place('contracts/src', solidity);
      return `| ${rule} | ${here} | ${place('packages', typescript)} |`;
    }),
  ];
}

/** The page with its tables anew. @throws AssertionError if a marker asks for what is not there */
export function generate(): Record<string, string> {
  const marker = /<!-- (parameters|rules) ([^>]*?) -->\n[\s\S]*?<!-- end -->/g;
  const text = read(page).replace(marker, (_block, kind: string, words: string) => {
    const names = words.split(/\s+/);
    const table = kind === 'parameters' ? parameters(names) : homes(names[0] as string);
    return [`<!-- ${kind} ${words} -->`, ...table, '<!-- end -->'].join('\n');
  });
  return { [page]: text };
}
