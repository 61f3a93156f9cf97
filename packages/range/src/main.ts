/** The program behind `holdfast range`: chooses scenarios, runs them, writes what was measured. */
import { EnvironmentError } from '@holdfast/units';
import { type Answer, leave, leaveJson } from './answer.ts';
import { commitOf } from './commit.ts';
import { reportPage } from './report/page.ts';
import { listText, reportText } from './report/text.ts';
import { Range } from './run.ts';
import { scenarios } from './scenarios/index.ts';
import type { Scenario, ScenarioReport } from './types.ts';
import { judge, judgeOpen, measuredOf, openReport, skippedReport } from './verdict.ts';

/** What the command line says. */
export interface RangeWishes {
  readonly names: readonly string[];
  readonly seed: string;
  readonly list: boolean;
  /** One kind of scenario. */
  readonly only?: string | undefined;
  readonly out?: string | undefined;
  readonly html?: string | undefined;
}

const kinds = ['attack', 'tape', 'open'];

/** @throws EnvironmentError ScenarioUnknown */
function chosen({ names, only }: RangeWishes): Scenario[] {
  const unknown = names.filter((name) => !scenarios.some((each) => each.name === name));
  if (unknown.length > 0) {
    const message = `no scenario is called ${unknown.join(', ')}`;
    throw new EnvironmentError('ScenarioUnknown', message, { retry: false });
  }
  if (only !== undefined && !kinds.includes(only)) {
    const message = `--only takes ${kinds.join(', ')}, not ${only}`;
    throw new EnvironmentError('ScenarioUnknown', message, { retry: false });
  }
  return scenarios.filter(
    ({ name, kind }) =>
      (names.length === 0 || names.includes(name)) && (only === undefined || kind === only),
  );
}

/** One scenario to its end. */
export async function runOne(range: Range, scenario: Scenario): Promise<ScenarioReport> {
  if (scenario.kind === 'open') {
    const measured = measuredOf(scenario);
    if (measured === undefined) return openReport(scenario, range.seed);
    const { runs, bound } = await range.runs(measured);
    return judgeOpen(scenario, runs, bound, range.seed);
  }
  const missing = scenario.kind === 'tape' ? scenario.missing?.() : undefined;
  if (missing !== undefined && scenario.kind === 'tape') {
    return skippedReport(scenario, range.seed, missing);
  }
  const { runs, bound } = await range.runs(scenario);
  return judge(scenario, runs, bound, range.seed);
}

/** Runs what was asked for. @throws EnvironmentError ScenarioUnknown, AnvilMissing, EditLost */
export async function runRange(
  wishes: RangeWishes,
  progress: (line: string) => void,
): Promise<Answer> {
  const all = chosen(wishes);
  if (wishes.list) return { data: all.map(listed), text: listText(all), failed: [] };
  const range = await Range.open({ seed: wishes.seed, progress });
  const reports: ScenarioReport[] = [];
  try {
    range.prepare(all);
    for (const scenario of all) {
      progress(scenario.name);
      reports.push(await runOne(range, scenario));
    }
  } finally {
    await range.close();
  }
  const commit = commitOf();
  const data = { seed: wishes.seed, commit, reports };
  await leaveJson(wishes.out, data);
  await leave(wishes.html, () => reportPage(reports, data));
  const failed = reports.filter(({ verdict }) => verdict === 'failed');
  const text = `${reportText(reports)}\nseed ${wishes.seed}, commit ${commit}`;
  return { data, text, failed: failed.map(({ scenario }) => scenario.name) };
}

const listed = (scenario: Scenario) => {
  const { name, kind, title } = scenario;
  return { name, kind, title, ...(scenario.kind === 'tape' ? {} : { control: scenario.control }) };
};
