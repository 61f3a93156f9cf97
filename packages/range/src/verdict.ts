/** From what the runs came to, to whether the scenario held. Pure. */
import type { Attack, Open, RunResult, Scenario, ScenarioReport, Tape } from './types.ts';

/** Loss of non-attackers between the control and another run, quote units, or the harm. */
export function lossOf(scenario: Attack | Tape, control: RunResult, other: RunResult): bigint {
  if (scenario.kind === 'attack' && scenario.harm !== undefined) return other.harm - control.harm;
  return control.others - other.others;
}

const netOf = (control: RunResult, other: RunResult): bigint => other.attackers - control.attackers;

const storyOf = ({ measured, needs }: Open): string =>
  `${measured === undefined ? '' : `${measured.story} `}Waits for: ${needs}.`;

function head(scenario: Scenario): ScenarioReport['scenario'] {
  const { name, title, kind } = scenario;
  return {
    name,
    title,
    kind,
    story: kind === 'open' ? storyOf(scenario) : scenario.story,
    incidents: kind === 'tape' ? [] : scenario.incidents,
    control: kind === 'tape' ? '' : scenario.control,
    invariants: kind === 'tape' ? [] : scenario.invariants,
  };
}

const noAblation = 'it has no ablation: it proves nothing';

/** What must be true of every run on the real code. */
function* commonProblems(run: RunResult, isBreach: boolean): Generator<string> {
  if (run.failure !== undefined) yield `the ${run.mode} run broke off: ${run.failure}`;
  const mayBreak = isBreach && run.mode === 'attack';
  for (const law of mayBreak ? [] : run.lawsBroken) yield `${run.mode}: law broken: ${law}`;
  for (const name of run.wrongful) yield `${run.mode}: ${name} was liquidated wrongfully`;
}

function* attackProblems(
  attack: Attack,
  runs: readonly RunResult[],
  bound: bigint,
): Generator<string> {
  const [control, real] = runs;
  if (control === undefined || real === undefined) return;
  const loss = lossOf(attack, control, real);
  if (loss > bound) yield `others lost ${loss}, more than the bound of ${bound}`;
  const own = real.refused.filter((each) => !control.refused.includes(each));
  for (const each of own) yield `an honest request was refused: ${each}`;
}

/** How the ablations went, and whether each let the attack succeed. */
function ablationsOf(attack: Attack, runs: readonly RunResult[], bound: bigint) {
  const [control] = runs;
  return runs
    .filter(({ mode }) => mode === 'ablation')
    .map((run) => {
      const [loss, attackerNet] = [
        lossOf(attack, control as RunResult, run),
        netOf(control as RunResult, run),
      ];
      const least = attack.profitMin ?? 1n;
      const gained = attack.harm === undefined ? attackerNet >= least : loss >= least;
      const succeeded = run.failure === undefined && (gained || loss > bound) && loss > 0n;
      return { name: run.ablation ?? '', attackerNet, loss, succeeded, failure: run.failure };
    });
}

function* ablationProblems(made: ReturnType<typeof ablationsOf>): Generator<string> {
  for (const { name, succeeded, attackerNet, failure } of made) {
    if (failure !== undefined) yield `without "${name}" the run broke off: ${failure}`;
    else if (!succeeded) yield `without "${name}" the attack still gains only ${attackerNet}`;
  }
}

function* tapeProblems(run: RunResult): Generator<string> {
  for (const each of run.refused) yield `an honest request was refused: ${each}`;
  if (run.firstAction >= 0) yield `the breaker was tightened at block ${run.firstAction}`;
  if (run.firstAlarm >= 0) yield `there was an alarm at block ${run.firstAlarm}`;
  if (run.minutesWithoutExit > 0) yield `${run.minutesWithoutExit} minutes without exit`;
}

/** The report of a scenario whose control is not there yet. */
export const openReport = (scenario: Open, seed: string): ScenarioReport => ({
  scenario: head(scenario),
  seed,
  unit: 'quote',
  loss: 0n,
  bound: 0n,
  attackerNet: 0n,
  runs: [],
  ablations: [],
  verdict: 'open',
  problems: [`its control waits for: ${scenario.needs}`],
});

/** What an open scenario measures, as an attack without an ablation; undefined: nothing. */
export function measuredOf(scenario: Open): Attack | undefined {
  const { measured, needs: _, kind: __, ...known } = scenario;
  if (measured === undefined) return undefined;
  return { ...known, ...measured, kind: 'attack', ablations: [] };
}

/** The report of an open scenario that was run: open at best, failed beyond its bound. */
export function judgeOpen(
  scenario: Open,
  runs: readonly RunResult[],
  bound: bigint,
  seed: string,
): ScenarioReport {
  const attack = measuredOf(scenario);
  if (attack === undefined) return openReport(scenario, seed);
  const report = judge(attack, runs, bound, seed);
  const problems = report.problems.filter((each) => each !== noAblation);
  const { problems: waits } = openReport(scenario, seed);
  const verdict = problems.length === 0 ? 'open' : 'failed';
  return { ...report, scenario: head(scenario), verdict, problems: [...problems, ...waits] };
}

/** The report of a tape that cannot run here. */
export const skippedReport = (tape: Tape, seed: string, missing: string): ScenarioReport => ({
  ...openReport(
    { ...tape, kind: 'open', needs: missing, incidents: [], control: '', invariants: [] },
    seed,
  ),
  scenario: head(tape),
  verdict: 'skipped',
  problems: [`skipped: there is no ${missing}`],
});

/** Judges the runs of a scenario. Assumes the order control, attack, ablations. */
export function judge(
  scenario: Attack | Tape,
  runs: readonly RunResult[],
  bound: bigint,
  seed: string,
): ScenarioReport {
  const [control, real] = runs;
  const honest = runs.filter(({ mode }) => mode !== 'ablation');
  const isAttack = scenario.kind === 'attack';
  const isBreach = isAttack && scenario.isBreach === true;
  const problems = honest.flatMap((run) => [...commonProblems(run, isBreach)]);
  const made = isAttack ? ablationsOf(scenario, runs, bound) : [];
  if (isAttack) {
    problems.push(...attackProblems(scenario, runs, bound), ...ablationProblems(made));
    if (made.length === 0) problems.push(noAblation);
  } else if (control !== undefined) problems.push(...tapeProblems(control));
  const measured = isAttack && control !== undefined && real !== undefined;
  return {
    scenario: head(scenario),
    seed,
    unit: isAttack ? (scenario.harm?.unit ?? 'quote') : 'quote',
    loss: measured ? lossOf(scenario, control, real) : 0n,
    bound,
    attackerNet: measured ? netOf(control, real) : 0n,
    runs,
    ablations: made.map(({ name, attackerNet, loss, succeeded }) => {
      return { name, attackerNet, loss, succeeded };
    }),
    verdict: problems.length === 0 ? 'held' : 'failed',
    problems,
  };
}
