/**
 * Mutants of the clearing house and its modules, all of them in one compilation: each is behind a
 * switch that the chain turns on by its coinbase.
 */
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findSource } from '../../../tools/find-source.mjs';
import { root } from '../../../tools/sources.mjs';

export type HouseMutant = {
  readonly name: string;
  /** Below contracts/. */
  readonly file: string;
  readonly from: string;
  /** `ON` is whether the mutant is on. */
  readonly to: string;
};

const settlement = 'src/Settlement.sol';
const custody = 'src/modules/CustodyModule.sol';
const liquidation = 'src/modules/LiquidationModule.sol';

export const houseMutants: readonly HouseMutant[] = [
  {
    name: 'a one-time number is not used up',
    file: custody,
    from: '_useNonce(w.account, w.nonce);',
    to: 'if (!ON) _useNonce(w.account, w.nonce);',
  },
  {
    name: 'the fees of a batch are credited twice',
    file: settlement,
    from: 'int256(fees << 32)',
    to: 'int256(fees << (ON ? 33 : 32))',
  },
  {
    name: 'a single fill is judged at the open interest before it',
    file: settlement,
    from: 'if (single) _foreseeFill(desk);',
    to: 'if (single && !ON) _foreseeFill(desk);',
  },
  {
    name: 'several fills add what they like',
    file: settlement,
    from: 'if (!single) _holdCrowd(desk.book);',
    to: 'if (!single && !ON) _holdCrowd(desk.book);',
  },
  {
    name: 'an account below its margin is not judged',
    file: 'src/Ledger.sol',
    from: 'if (totals.equity() < int256(totals.initial)) _judgeShort',
    to: 'if (!ON && totals.equity() < int256(totals.initial)) _judgeShort',
  },
  {
    name: 'a withdrawal asks for no margin',
    file: 'src/Withdrawing.sol',
    from: 'if (worth < int256(initial)) revert',
    to: 'if (!ON && worth < int256(initial)) revert',
  },
  {
    name: 'an order is filled beyond its size',
    file: 'src/libraries/Closing.sol',
    from: 'if (terms.misfit(lots, lane.sum()) != 0)',
    to: 'if (!ON && terms.misfit(lots, lane.sum()) != 0)',
  },
  {
    name: 'a liquidation counts no open interest of the keeper',
    file: liquidation,
    from: '        Judging.countInterest(taker);',
    to: '        if (!ON) Judging.countInterest(taker);',
  },
  {
    name: 'a healthy account is liquidated',
    file: liquidation,
    from: '        if (standing.equity >= int256(standing.maintenance)) {',
    to: '        if (!ON && standing.equity >= int256(standing.maintenance)) {',
  },
  {
    name: 'anybody withdraws',
    file: custody,
    from: '        _onlyTaker(id);\n        uint256 quote = _quote(amount);',
    to: '        if (!ON) _onlyTaker(id);\n        uint256 quote = _quote(amount);',
  },
  {
    name: 'the shared fund covers and does not pay',
    file: 'src/modules/WaterfallModule.sol',
    from: 'if (fall.sharedCover != 0) _credit(',
    to: 'if (!ON && fall.sharedCover != 0) _credit(',
  },
  {
    name: 'anybody settles',
    file: settlement,
    from: 'if (msg.sender != sequencer) revert',
    to: 'if (!ON && msg.sender != sequencer) revert',
  },
];

const mutated = {
  ClearingHouse: 'src/ClearingHouse.sol',
  CustodyModule: custody,
  LiquidationModule: liquidation,
  WaterfallModule: 'src/modules/WaterfallModule.sol',
};
const roots = [join(root, 'contracts'), join(root, 'node_modules')];

/** Sources that differ, by path, with every mutant behind its switch. */
export function switchedSources(): Record<string, string> {
  const sources: Record<string, string> = {};
  houseMutants.forEach(({ name, file, from, to }, i) => {
    const text = sources[file] ?? readFileSync(join(root, 'contracts', file), 'utf8');
    if (text.split(from).length !== 2) throw new Error(`fuzz: ${file} is not as "${name}" says`);
    const on = `(block.coinbase == address(${i + 1}))`;
    sources[file] = text.replace(from, () => to.replaceAll('ON', on));
  });
  return sources;
}

const settings = {
  viaIR: true,
  evmVersion: 'prague',
  // As forge compiles them: with less of it some functions need more stack than there is.
  optimizer: { enabled: true, runs: 10_000 },
  outputSelection: Object.fromEntries(
    Object.entries(mutated).map(([name, path]) => [path, { [name]: ['abi', 'evm.bytecode'] }]),
  ),
};

/**
 * Compiles them, in some minutes; kept by the hash of all sources. What is deployed may be larger
 * than a chain takes.
 *
 * @returns folder with artifacts as forge writes them
 */
export function compileMutants(): string {
  const replaced = switchedSources();
  const solc = createRequire(import.meta.url)('solc') as {
    compile(input: string, how: { import: (path: string) => unknown }): string;
    version(): string;
  };
  const find = (path: string): { contents?: string | undefined } =>
    path in replaced ? { contents: replaced[path] } : findSource(path, roots);
  const key = hash('sha256', JSON.stringify([solc.version(), settings, replaced, stamp()])).slice(
    0,
    16,
  );
  const folder = join(root, 'contracts/cache/fuzz', key);
  if (existsSync(join(folder, 'done'))) return folder;
  const sources = Object.fromEntries(
    Object.values(mutated).map((path) => [path, { content: String(find(path).contents) }]),
  );
  const input = { language: 'Solidity', sources, settings };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
  const error = (output.errors ?? []).find(
    (each: { severity: string }) => each.severity === 'error',
  );
  if (error !== undefined) throw new Error(`fuzz: ${error.formattedMessage}`);
  for (const [name, path] of Object.entries(mutated)) {
    const { abi, evm } = output.contracts[path][name];
    mkdirSync(join(folder, `${name}.sol`), { recursive: true });
    const artifact = { abi, bytecode: { object: `0x${evm.bytecode.object}` } };
    writeFileSync(join(folder, `${name}.sol/${name}.json`), JSON.stringify(artifact));
  }
  writeFileSync(join(folder, 'done'), '');
  return folder;
}

const stamp = (): string => readFileSync(join(root, 'contracts/out/.hash'), 'utf8');
