/**
 * Deciding one check of bytecode, or one mutant: compile, run every path, ask the solvers which of
 * the bad ends can be reached, and replay what they answer on an EVM.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AbiFunction, type Hex, toFunctionSelector } from 'viem';
import { type Evm, startEvm } from '../../tests/e2e/harness/evm.ts';
import { filesIn } from '../files.ts';
import { decide } from '../prove/decide.mjs';
import { type CompiledContract, Compiler, contents, harnessOf, type Task } from '../prove/judge.ts';
import type { Mutant, Outcome, Property } from '../prove/property.ts';
import type { Judging } from '../prove/run.ts';
import type { Solver } from '../prove/solvers.ts';
import { collect, mutated, shaped } from '../prove/sources.ts';
import { root } from '../sources.mjs';
import { type Arguments, argumentsOf, encode } from './arguments.ts';
import { type End, explore } from './machine.ts';
import { readModel, Script } from './smt.ts';

const secondsDefault = 30;
const secondsSmall = 10;
const panic = 0x4e487b71n;

/** The settings under which the contracts are deployed, from the build's own configuration. */
export function deploymentSettings(
  text = readFileSync(join(root, 'contracts/foundry.toml'), 'utf8'),
) {
  const [profile = ''] = text.split('\n[profile.default.');
  const setting = (name: string): string => {
    const [, value] = new RegExp(`^${name} = '?([^'\n]+)'?$`, 'm').exec(profile) ?? [];
    if (value === undefined) throw new Error(`symbolic: foundry.toml does not set ${name}`);
    return value;
  };
  return {
    viaIR: setting('via_ir') === 'true',
    optimizer: {
      enabled: setting('optimizer') === 'true',
      runs: Number(setting('optimizer_runs').replaceAll('_', '')),
    },
    evmVersion: setting('evm_version'),
    metadata: {
      bytecodeHash: setting('bytecode_hash'),
      appendCBOR: setting('cbor_metadata') === 'true',
    },
  };
}

const toolHash = (): string => {
  const hash = createHash('sha256');
  for (const path of filesIn('tools/symbolic', '.ts').sort()) {
    if (!/checks/.test(path)) hash.update(readFileSync(join(root, path)));
  }
  return hash.update(JSON.stringify(deploymentSettings())).digest('hex');
};

/** What a check asks: all that its verdict depends on but the solvers. */
export function questionOf(property: Property, mutant?: Mutant): Task {
  const { contract, engine, reverts } = property;
  const harness = harnessOf(property);
  const collected = collect(harness);
  const [, name = ''] = contract.split('.');
  const sources = new Map(mutant ? mutated(collected, mutant) : collected);
  // A mutant is asked of one check: the others need not be compiled again.
  if (mutant) sources.set(harness, onlyCheck(sources.get(harness)!, name));
  return {
    sources: shaped(sources, property.plain ?? []),
    contract,
    engine,
    plain: [],
    harness,
    ...(reverts ? { reverts } : {}),
    tool: toolHash(),
  };
}

/** A source without all checks but one. */
export function onlyCheck(text: string, name: string): string {
  return text.replace(/^ {4}function (check_\w+)\([\s\S]*?\n {4}}\n/gm, (whole, found) =>
    found === name ? whole : '',
  );
}

/** A check, compiled: what deploys it, and how it is called. */
type Target = { creation: string; selector: string; args: Arguments };

/** What a run of checks shares: compilers, one EVM, and what was compiled. */
export function createJudging(): Judging & { stop(): Promise<void> } {
  const idle: Compiler[] = [];
  const compiled = new Map<string, Promise<CompiledContract>>();
  let evm: Promise<Evm> | undefined;
  async function compile(task: Task): Promise<CompiledContract> {
    const [name = ''] = task.contract.split('.');
    const outputs = ['abi', 'evm.bytecode.object'];
    const settings = {
      ...deploymentSettings(),
      outputSelection: { [task.harness]: { [name]: outputs } },
    };
    const compiler = idle.pop() ?? new Compiler();
    const input = { language: 'Solidity', sources: contents(task.sources), settings };
    try {
      const { output } = await compiler.run({ input });
      const contract = output.contracts?.[task.harness]?.[name];
      if (!contract) throw new Error(`symbolic: no contract ${name} in ${task.harness}`);
      return contract;
    } finally {
      idle.push(compiler);
    }
  }
  return {
    question: questionOf,
    async judge(task, solvers, seconds = secondsDefault) {
      const started = Date.now();
      const [name = ''] = task.contract.split('.');
      const key = JSON.stringify([name, ...task.sources]);
      const contract = compiled.get(key) ?? compile(task);
      compiled.set(key, contract);
      const target = targetOf(await contract, task.contract);
      evm ??= startEvm();
      const found = await judgeTarget(target, task, { solvers, seconds, evm: await evm });
      return { ...found, seconds: (Date.now() - started) / 1000, cached: false };
    },
    async stop() {
      for (const compiler of idle) compiler.end();
      await (await evm)?.stop();
    },
  };
}

function targetOf(contract: CompiledContract, check: string): Target {
  const { abi, evm } = contract;
  const [, name] = check.split('.');
  const entry = abi.find((each) => each.type === 'function' && each.name === name);
  if (!entry) throw new Error(`symbolic: no function ${check}`);
  return {
    creation: evm.bytecode.object,
    selector: toFunctionSelector(entry as unknown as AbiFunction).slice(2),
    args: argumentsOf(entry.inputs ?? []),
  };
}

type Means = { solvers: readonly Solver[]; seconds: number; evm: Evm };
type Found = Pick<Outcome, 'verdict' | 'assertions' | 'detail' | 'solvers'>;

/** Proved: no bad end can be reached, and some other end can, on the EVM too. */
async function judgeTarget(target: Target, task: Task, means: Means): Promise<Found> {
  const address = await means.evm.deploy(`0x${target.creation}`);
  const replay = (data: string) => callOn(means.evm, address, data);
  // As the constructor left it: what is fixed at deployment is in it.
  const code = Buffer.from((await means.evm.code(address)).slice(2), 'hex');
  const ends = explore(code, target.args.calldata(target.selector));
  const bad = ends.filter((end) => isBad(end, task.reverts));
  const good = ends.filter(({ kind }) => kind === 'return');
  const asked: Set<string> = new Set(means.solvers.map(({ name }) => name));
  const ask = async (of: readonly End[], how?: 'loose' | 'small') => {
    const ways = of.map(({ path }) => path);
    const query = new Script(how === 'loose').query(ways, how === 'small');
    const seconds = how === 'small' ? Math.min(secondsSmall, means.seconds) : means.seconds;
    const { answer, text, silent } = await decide(query, means.solvers, seconds);
    // A proof names those who confirmed it.
    if (answer === 'unsat' && how !== 'small') for (const name of silent) asked.delete(name);
    return { answer, data: encode(target.selector, target.args, readModel(text)) };
  };
  const found = (verdict: Outcome['verdict'], detail = ''): Found => ({
    verdict,
    detail,
    assertions: bad.length,
    solvers: means.solvers
      .filter(({ name }) => bad.length > 0 && asked.has(name))
      .map(({ name, version }) => `${name} ${version}`),
  });
  if (bad.length > 0) {
    const { answer, data } = await askInTurn(bad, ask);
    if (answer === 'unknown') return found('unknown', `of ${bad.length} bad ends`);
    if (answer === 'sat') {
      const outcome = await replay(data);
      const shown = `${target.args.show(data)}: ${outcome ?? 'returns'}`;
      if (outcome === undefined) return found('unknown', `does not replay: ${shown}`);
      return found('refuted', shown);
    }
  }
  if (good.length === 0) return found('unknown', 'no path returns');
  // Often the simplest inputs do.
  for (const value of [0n, 1n, 2n]) {
    const simple = new Map(target.args.list.map(({ name }) => [name, value]));
    const plain = encode(target.selector, target.args, simple);
    if ((await replay(plain)) === undefined) return found('proved');
  }
  const { answer, data } = await ask(good);
  if (answer !== 'sat') return found('unknown', `whether any path returns: ${answer}`);
  const outcome = await replay(data);
  const away = `should return but does not: ${target.args.show(data)}: ${outcome}`;
  return outcome === undefined ? found('proved') : found('unknown', away);
}

type Answer = { answer: 'sat' | 'unsat' | 'unknown'; data: string };

type Ask = (of: readonly End[], how?: 'loose' | 'small') => Promise<Answer>;

/**
 * The easy questions first: one that has no answer though more is allowed, then whether the
 * shortest paths can be taken with small values.
 */
async function askInTurn(bad: readonly End[], ask: Ask): Promise<Answer> {
  const loose = await ask(bad, 'loose');
  if (loose.answer === 'unsat') return loose;
  const shortest = [...bad].sort((a, b) => a.path.length - b.path.length).slice(0, 4);
  for (const end of shortest) {
    const small = await ask([end], 'small');
    if (small.answer === 'sat') return small;
  }
  return ask(bad);
}

/**
 * Whether an end is one that a check must not have: anything but to return and, as far as it says
 * so, a revert without data (what it requires) or with an error that is no panic.
 */
function isBad({ kind, data }: End, reverts: Task['reverts']): boolean {
  if (kind !== 'revert') return kind === 'invalid';
  if (data === undefined) return reverts === 'none';
  return reverts !== 'errors' || panicOf(data) !== undefined;
}

/** The code of a panic in the data of a revert. */
export function panicOf(data: End['data']): bigint | undefined {
  if (data?.op !== 'const' || data.width !== 36 * 8) return undefined;
  return data.value >> 256n === panic ? BigInt.asUintN(256, data.value) : undefined;
}

/** How the EVM reverts on the data of a call; nothing if it returns. */
async function callOn(evm: Evm, address: Hex, data: string): Promise<string | undefined> {
  try {
    await evm.call(address, `0x${data}`);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
