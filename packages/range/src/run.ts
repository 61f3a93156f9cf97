/** Runs scenarios: a venue, a snapshot, and from it the control, the attack and the ablations. */
import { breakerAbi, clearingHouseAbi } from '@holdfast/abi';
import { errorMessage, toJson } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import { decodeFunctionResult, encodeFunctionData, parseEventLogs } from 'viem';
import { type Compiler, createCompiler } from './solidity/compiler.ts';
import type { Ablation, Attack, Mode, RunResult, Scenario, Tape, VenueTerms } from './types.ts';
import { compileAblated, install } from './world/ablate.ts';
import { genesisTime, mineAt, type RangeChain, startRangeChain } from './world/chain.ts';
import { createKeys } from './world/keys.ts';
import { createMemory, type Memory } from './world/memory.ts';
import { callRaw } from './world/send.ts';
import { deployStack, type Stack } from './world/stack.ts';
import { observer, openWatch, type Watch } from './world/watch.ts';
import { World } from './world/world.ts';
import { worthOf } from './world/worth.ts';

/** A venue with its first people, and how to come back to it. */
interface Base {
  readonly key: string;
  readonly stack: Stack;
  readonly forcedQueue: Hex;
  snapshot: string;
  readonly memory: Memory;
}

type Running = Attack | Tape;
/** What stands before a run. */
export type Stage = Pick<Running, 'name' | 'terms' | 'before'>;

/** Whole tokens that stand behind the venue before any scenario begins. */
const insuranceTokens = 200_000;
const backstopTokens = 500_000;

export interface RangeOptions {
  readonly seed: string;
  /** Told what is done now. */
  readonly progress?: (line: string) => void;
}

export class Range {
  readonly seed: string;
  readonly compiler: Compiler = createCompiler();
  readonly #progress: (line: string) => void;
  readonly #chain: RangeChain;
  #genesis: string;
  #base: Base | undefined;

  private constructor(options: RangeOptions, chain: RangeChain, genesis: string) {
    [this.seed, this.#chain, this.#genesis] = [options.seed, chain, genesis];
    this.#progress = options.progress ?? (() => undefined);
  }

  /** @throws EnvironmentError AnvilMissing, AnvilFailed */
  static async open(options: RangeOptions): Promise<Range> {
    const chain = await startRangeChain();
    return new Range(options, chain, (await chain.rpc('evm_snapshot')) as string);
  }

  async close(): Promise<void> {
    this.compiler.stop();
    await this.#chain.stop();
  }

  /** Begins to compile what the scenarios will need, so that none waits for it. */
  prepare(scenarios: readonly Scenario[]): void {
    for (const scenario of scenarios) {
      if (scenario.kind !== 'attack') continue;
      for (const ablation of scenario.ablations) {
        if (ablation.kind !== 'source') continue;
        const { contracts, edits } = ablation;
        // What fails is told where it is used.
        compileAblated(this.compiler, contracts, edits).catch(() => undefined);
      }
    }
  }

  /** The world of a stage that is no scenario; it stands until the next one. */
  async stage(stage: Stage): Promise<World> {
    await this.#stage(stage, stage.terms ?? {});
    return this.#world();
  }

  /** Every run of a scenario, in order: control, attack, and each ablation. */
  async runs(scenario: Running): Promise<{ runs: RunResult[]; bound: bigint }> {
    const results: RunResult[] = [];
    const terms = scenario.terms ?? {};
    await this.#stage(scenario, terms);
    this.#reference = undefined;
    const bound = await boundOf(scenario, this.#world());
    const snapshot = { id: await this.#take(), memory: this.#world().memory };
    const again = async (mode: Mode, ablation?: Ablation): Promise<void> => {
      const world = this.#world();
      world.memory = structuredClone(snapshot.memory);
      results.push(await this.#once(scenario, world, mode, ablation));
      await this.#revert(snapshot.id);
      snapshot.id = await this.#take();
    };
    await again('control');
    if (scenario.kind === 'tape') return { runs: results, bound };
    await again('attack');
    for (const ablation of scenario.ablations) {
      if (ablation.kind !== 'venue') await again('ablation', ablation);
    }
    for (const ablation of scenario.ablations) {
      if (ablation.kind !== 'venue') continue;
      await this.#stage(scenario, { ...terms, ...ablation.terms });
      results.push(await this.#once(scenario, this.#world(), 'ablation', ablation));
    }
    return { runs: results, bound };
  }

  /** Prices at which all runs of a scenario are valued: the last ones of its control run. */
  #reference: ReadonlyMap<number, number> | undefined;
  #current: World | undefined;

  #world(): World {
    if (this.#current === undefined) throw new Error('no scenario is on the stage');
    return this.#current;
  }

  async #take(): Promise<string> {
    return (await this.#chain.rpc('evm_snapshot')) as string;
  }

  async #revert(id: string): Promise<void> {
    await this.#chain.rpc('anvil_dropAllTransactions');
    await this.#chain.rpc('evm_revert', [id]);
  }

  /** The venue with these terms, its first people, and the scenario's own beginning. */
  async #stage(scenario: Stage, terms: VenueTerms): Promise<void> {
    const key = toJson(terms, 0);
    if (this.#base?.key === key) {
      await this.#revert(this.#base.snapshot);
      this.#base.snapshot = await this.#take();
    } else {
      this.#progress('deploying a venue');
      await this.#revert(this.#genesis);
      this.#genesis = await this.#take();
      this.#base = await this.#deploy(key, terms);
    }
    const { stack, forcedQueue, memory } = this.#base;
    const keys = createKeys(this.seed);
    const world = new World({
      rpc: this.#chain.rpc,
      stack,
      keys,
      seed: `${this.seed}/${scenario.name}`,
      compiler: this.compiler,
      memory: structuredClone(memory),
      forcedQueue,
    });
    this.#current = world;
    await scenario.before?.(world);
  }

  async #deploy(key: string, terms: VenueTerms): Promise<Base> {
    const { rpc } = this.#chain;
    const keys = createKeys(this.seed);
    await mineAt(rpc, genesisTime + 1);
    const stack = await deployStack(this.#chain, keys, this.compiler, terms);
    const data = encodeFunctionData({ abi: clearingHouseAbi, functionName: 'forcedQueue' });
    const answer = await callRaw(rpc, stack.venue.contracts.clearingHouse, data);
    const forcedQueue = decodeFunctionResult({
      abi: clearingHouseAbi,
      functionName: 'forcedQueue',
      data: answer,
    });
    const head = (await rpc('eth_getBlockByNumber', ['latest', false])) as { timestamp: string };
    const memory = createMemory(Number(head.timestamp));
    const { compiler, seed } = this;
    const world = new World({ rpc, stack, keys, seed, compiler, memory, forcedQueue });
    await this.#furnish(world);
    return { key, stack, forcedQueue, memory: world.memory, snapshot: await this.#take() };
  }

  /** Insurance and backstop, by whom the venue was deployed. */
  async #furnish(world: World): Promise<void> {
    const { token, vault } = world.venue.contracts;
    const backstop = world.addressOf('backstop');
    const wish = (
      contract: 'token' | 'clearingHouse' | 'backstop',
      name: string,
      args: unknown[],
    ) => ({
      by: 'deployer',
      what: name,
      request: {
        to: world.addressOf(contract),
        data: world.encode(contract, name, args),
        gas: 3_000_000n,
      },
    });
    const insurance = world.tokens(insuranceTokens);
    const behind = world.tokens(backstopTokens);
    const me = world.key('deployer').address;
    await world.together([
      wish('token', 'mint', [me, insurance + behind]),
      wish('token', 'approve', [vault, insurance]),
      wish('clearingHouse', 'deposit', [token, 0, insurance]),
      wish('token', 'approve', [backstop, behind]),
      wish('backstop', 'openPool', [0]),
      wish('backstop', 'deposit', [0, behind]),
    ]);
  }

  async #once(
    scenario: Running,
    world: World,
    mode: Mode,
    ablation?: Ablation,
  ): Promise<RunResult> {
    const began = performance.now();
    [world.mode, world.isSetup] = [mode, false];
    world.origin = { block: await world.block(), second: world.memory.time };
    world.off = new Set(ablation?.kind === 'switch' ? [ablation.off] : []);
    world.watches = [];
    let failure: string | undefined;
    let watch: Watch | undefined;
    try {
      if (ablation?.kind === 'source') {
        const { contracts, edits } = ablation;
        const codes = await compileAblated(this.compiler, contracts, edits);
        await install(world.rpc, world.placed, codes);
      }
      // Laws are judged where the real code runs; without a control they may well break.
      if (mode !== 'ablation') {
        watch = await openWatch(world);
        world.watches.push(watch);
      }
      await scenario.run(world);
    } catch (error) {
      failure = errorMessage(error);
    }
    const result = await this.#measure(scenario, world, mode, ablation, watch);
    world.watches = [];
    const ms = Math.round(performance.now() - began);
    return { ...result, ms, ...(failure === undefined ? {} : { failure }) };
  }

  async #measure(
    scenario: Running,
    world: World,
    mode: Mode,
    ablation: Ablation | undefined,
    watch: Watch | undefined,
  ): Promise<RunResult> {
    const { memory, origin } = world;
    this.#reference ??= new Map(memory.prices);
    const worth = await worthOf(world, this.#reference);
    const harm = scenario.kind === 'attack' ? scenario.harm : undefined;
    const head = (await world.rpc('eth_getBlockByNumber', ['latest', false])) as {
      hash: Hex;
      stateRoot: Hex;
      number: string;
    };
    const actions = await tightenings(world);
    // Sentinels of the scenario alarm; without one the observer tells what they would have seen.
    const own = world.watches.length > (watch === undefined ? 0 : 1);
    const alarms = memory.timeline.filter(
      ({ kind, who }) => kind === 'alarm' && (!own || who !== observer),
    );
    return {
      mode,
      ablation: ablation?.name,
      others: worth.others,
      attackers: worth.attackers,
      locked: worth.locked,
      harm: harm === undefined ? 0n : await harm.measure(world),
      firstAlarm: alarms[0]?.block ?? -1,
      firstAction: actions[0] ?? -1,
      refused: [...memory.refused],
      wrongful: await wrongful(scenario, world),
      minutesWithoutExit: Math.round(memory.tightSeconds / 60),
      lawsBroken: [...(watch?.broken ?? [])],
      timeline: [...memory.timeline],
      samples: [...memory.samples],
      blocks: Number(head.number) - origin.block,
      finalHash: head.hash,
      stateRoot: head.stateRoot,
      ms: 0,
    };
  }
}

async function boundOf(scenario: Running, world: World): Promise<bigint> {
  if (scenario.kind === 'tape') return 0n;
  return typeof scenario.bound === 'bigint' ? scenario.bound : scenario.bound(world);
}

/** Logs of a contract since the snapshot; a run that broke off at once has none. */
async function logsOf(world: World, address: Hex): Promise<never[]> {
  if ((await world.block()) === world.origin.block) return [];
  const fromBlock = `0x${(world.origin.block + 1).toString(16)}`;
  const filter = { address, fromBlock, toBlock: 'latest' };
  return (await world.rpc('eth_getLogs', [filter])) as never[];
}

/** Blocks of the run in which the breaker was tightened, from the snapshot. */
async function tightenings(world: World): Promise<number[]> {
  const raw = await logsOf(world, world.venue.contracts.breaker);
  const logs = parseEventLogs({ abi: breakerAbi, logs: raw });
  return logs
    .filter(({ eventName }) => eventName === 'Tightened' || eventName === 'Barred')
    .map(({ blockNumber }) => Number(blockNumber) - world.origin.block);
}

/** Honest accounts that were liquidated though the scenario exposes them to nothing. */
async function wrongful(scenario: Running, world: World): Promise<string[]> {
  const raw = await logsOf(world, world.venue.contracts.clearingHouse);
  const names = ['Liquidated', 'Resolved', 'Seized'];
  const hit = parseEventLogs({ abi: clearingHouseAbi, logs: raw })
    .filter(({ eventName }) => names.includes(eventName))
    .map(({ args }) => Number((args as { account: number }).account));
  const exposed = new Set(scenario.exposed ?? []);
  const victims = [...world.people()].filter(
    ({ account, isAttacker, name }) => !isAttacker && !exposed.has(name) && hit.includes(account),
  );
  return victims.map(({ name }) => name);
}
