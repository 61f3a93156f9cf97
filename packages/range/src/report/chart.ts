/** Price and loss of one run over its steps, as inline SVG. */
import { escaped } from '@holdfast/host';
import type { RunResult, ScenarioReport } from '../types.ts';
import { amount } from './text.ts';

const size = { width: 880, height: 120, left: 90, right: 16, top: 14, bottom: 18 };

interface Line {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly number[];
}

const spanOf = (values: readonly number[]): { low: number; high: number } => {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high ? { low: low - 1, high: high + 1 } : { low, high };
};

/** One panel: lines over the same steps, with the two ends of their range at the left. */
function panel(lines: readonly Line[], marks: readonly number[], label: (n: number) => string) {
  const { low, high } = spanOf(lines.flatMap(({ values }) => values));
  const count = Math.max(...lines.map(({ values }) => values.length));
  const x = (i: number): number =>
    size.left + (i * (size.width - size.left - size.right)) / Math.max(count - 1, 1);
  const y = (value: number): number =>
    size.top + ((high - value) * (size.height - size.top - size.bottom)) / (high - low);
  const path = ({ values, colour }: Line): string => {
    const points = values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`);
    const stroke = `fill="none" stroke="${colour}" stroke-width="2"`;
    return `<polyline ${stroke} points="${points.join(' ')}"/>`;
  };
  const ends = [high, low].map(
    (value) =>
      `<text x="${size.left - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">` +
      `${escaped(label(value))}</text>`,
  );
  const stripes = marks.map(
    (i) =>
      `<line x1="${x(i).toFixed(1)}" x2="${x(i).toFixed(1)}" y1="${size.top}" ` +
      `y2="${size.height - size.bottom}" stroke="#b58900" stroke-dasharray="3 3"/>`,
  );
  const names = lines.map(
    ({ name, colour }, i) =>
      `<text x="${size.left + i * 200}" y="${size.height - 4}" fill="${colour}">` +
      `${escaped(name)}</text>`,
  );
  return `<svg viewBox="0 0 ${size.width} ${size.height}" width="100%" role="img">${[
    ...stripes,
    ...lines.map(path),
    ...ends,
    ...names,
  ].join('')}</svg>`;
}

const colours = ['#1f5fa8', '#7a3fa0', '#0b6b2e', '#8a5a00'];

/** Percent of the first price that a market had in this run. */
function priceLines({ samples }: RunResult): Line[] {
  const symbols = Object.keys(samples[0]?.prices ?? {});
  return symbols.flatMap((name, i) => {
    const values = samples.map(({ prices }) => prices[name] ?? 0);
    const first = values.find((value) => value > 0);
    if (first === undefined || values.every((value) => value === first)) return [];
    const colour = colours[i % colours.length] as string;
    // Before its first price a market is drawn at that price.
    const percents = values.map((value) => (100 * (value > 0 ? value : first)) / first);
    return [{ name: `${name}, % of first`, colour, values: percents }];
  });
}

/** Blocks of alarms and tightenings as places among the samples. */
function marksOf({ samples, timeline, firstAction }: RunResult): number[] {
  const blocks = timeline.filter(({ kind }) => kind === 'alarm').map(({ block }) => block);
  if (firstAction >= 0) blocks.push(firstAction);
  const places = blocks.map((block) => samples.findIndex((sample) => sample.block >= block));
  return [...new Set(places.filter((place) => place >= 0))];
}

/** Charts of a run: prices, then what others have less and the attacker has more than at first. */
export function chart(run: RunResult, control: RunResult, report: ScenarioReport): string {
  const { samples } = run;
  if (samples.length < 2) return '';
  const marks = marksOf(run);
  const prices = priceLines(run);
  const first = samples[0] as (typeof samples)[number];
  const millions = (value: bigint): number => Number(value);
  const values = samples.map(({ others }) => millions(others - first.others));
  const gains = samples.map(({ attackers }) => millions(attackers - first.attackers));
  const lines: Line[] = [
    { name: 'others, since the first step', colour: '#a40000', values },
    { name: 'attacker, since the first step', colour: '#1a1a1a', values: gains },
  ];
  if (report.unit === 'quote' && report.scenario.kind === 'attack') {
    const floor = -millions(report.bound);
    lines.push({ name: 'bound', colour: '#b58900', values: samples.map(() => floor) });
  }
  const money = (value: number): string => amount(BigInt(Math.round(value)), 'quote');
  const percent = (value: number): string => `${value.toFixed(1)} %`;
  const drawn = prices.length === 0 ? '' : panel(prices, marks, percent);
  const late = run === control ? '' : ' Dashed: alarms and tightenings.';
  return `<figure>${drawn}${panel(lines, marks, money)}
<figcaption>Each point is one request of the story.${late}</figcaption></figure>`;
}
