import { apply, type Command, type CoreEvent, orderIntake, type State } from '@holdfast/core';
import { AssertionError, EnvironmentError, invariant, type Seconds } from '@holdfast/units';
import type { Acks, Answer } from './acks.ts';
import type { Journal } from './journal/types.ts';

type WithoutTime<C> = C extends Command ? Omit<C, 'at'> : never;
/** A command as it arrives; the engine stamps it with venue time when it enters the journal. */
export type Input = WithoutTime<Command>;

/** What became of one input. */
export type Outcome = {
  readonly command: Command;
  readonly events: readonly CoreEvent[];
  readonly answer: Answer | undefined;
};

export type Listener = (outcome: Outcome, index: number) => void;

/**
 * The only way into the core: inputs wait while a frame is being synced, enter the journal together
 * (cancels first), and are applied in journal order once the frame is durable.
 */
export type Engine = {
  readonly state: State;
  /** Rejects with the journal's `EnvironmentError`; then nothing of these inputs happened. */
  submit(inputs: readonly Input[]): Promise<Outcome[]>;
  /** Called for every applied command, after it is durable, in order. */
  listen(listener: Listener): void;
  waiting(): number;
  applied(): number;
  /** Resolves when everything that was submitted has been applied or refused. */
  idle(): Promise<void>;
  /** Why the engine stopped for good, or undefined. */
  failure(): Error | undefined;
};

type Group = {
  readonly inputs: readonly Input[];
  readonly done: (outcomes: Outcome[]) => void;
  readonly failed: (error: Error) => void;
};

export type EngineOptions = {
  readonly state: State;
  readonly journal: Journal;
  readonly acks: Acks;
  /** Venue time. */
  readonly now: () => Seconds;
  /** Resolves when frames that arrive together have arrived: one turn of the event loop. */
  readonly turn?: () => Promise<void>;
  /** Called once when the engine can never go on: the process has to end. */
  readonly onFatal: (error: Error) => void;
};

/** Commands in one frame at the most, so that no acknowledgement waits behind a huge one. */
const FRAME_COMMANDS_MAX = 4096;

type Context = EngineOptions & {
  readonly listeners: Listener[];
  queue: Group[];
  running: Promise<void> | undefined;
  failure: Error | undefined;
  lastAt: Seconds;
  applied: number;
};

function takeGroups(c: Context): Group[] {
  let count = 0;
  let end = 0;
  while (end < c.queue.length && (end === 0 || count < FRAME_COMMANDS_MAX)) {
    count += c.queue[end]?.inputs.length ?? 0;
    end += 1;
  }
  const taken = c.queue.slice(0, end);
  c.queue = c.queue.slice(end);
  return taken;
}

function applyOne(c: Context, command: Command): Outcome {
  const { events } = apply(c.state, command);
  const outcome = { command, events, answer: c.acks.take(command, events) };
  for (const listener of c.listeners) listener(outcome, c.applied);
  c.applied += 1;
  return outcome;
}

async function commitGroups(c: Context, groups: readonly Group[]): Promise<void> {
  // Venue time never runs back, even where the machine's clock does.
  const at = Math.max(c.now(), c.lastAt) as Seconds;
  const stamped = groups.map(({ inputs }) => inputs.map((input) => ({ ...input, at }) as Command));
  const ordered = orderIntake(stamped.flat());
  const { first } = await c.journal.append(ordered);
  invariant(first === c.applied, `journal index ${first} follows ${c.applied} applied commands`);
  c.lastAt = at;
  const outcomes = new Map<Command, Outcome>();
  for (const command of ordered) outcomes.set(command, applyOne(c, command));
  for (const [i, group] of groups.entries()) {
    group.done((stamped[i] ?? []).map((command) => outcomes.get(command) as Outcome));
  }
}

function fail(c: Context, groups: readonly Group[], error: Error): void {
  const isFatal = !(error instanceof EnvironmentError) || !error.retry;
  for (const group of groups) group.failed(error);
  if (!isFatal || c.failure !== undefined) return;
  c.failure = error;
  c.onFatal(error);
}

const eventLoopTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function drain(c: Context): Promise<void> {
  // Frames that arrive together share one commit.
  await (c.turn ?? eventLoopTurn)();
  while (c.queue.length > 0) {
    const groups = takeGroups(c);
    if (c.failure !== undefined) {
      fail(c, groups, c.failure);
      continue;
    }
    try {
      await commitGroups(c, groups);
    } catch (error) {
      fail(c, groups, error instanceof Error ? error : new AssertionError(String(error)));
    }
  }
  c.running = undefined;
}

/** The engine over a journal that has been replayed into `state`. */
export function createEngine(options: EngineOptions): Engine {
  const { state, journal } = options;
  const c: Context = {
    ...options,
    listeners: [],
    queue: [],
    running: undefined,
    failure: undefined,
    lastAt: state.at,
    applied: journal.next(),
  };
  return {
    state,
    submit(inputs) {
      if (inputs.length === 0) return Promise.resolve([]);
      return new Promise((done, failed) => {
        c.queue.push({ inputs, done, failed });
        c.running ??= drain(c);
      });
    },
    listen: (listener) => c.listeners.push(listener),
    waiting: () => c.queue.reduce((sum, group) => sum + group.inputs.length, 0),
    applied: () => c.applied,
    async idle() {
      while (c.running !== undefined) await c.running;
    },
    failure: () => c.failure,
  };
}
