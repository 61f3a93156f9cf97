/**
 * Compiles contracts in a process of its own: reads a line `{ file, name, sources, light }`, with
 * the text of everything that the file imports, and answers with a line `{ code, error }`. `light`
 * leaves nearly all of the optimizer out: an ablated contract must do the same, not cost the same,
 * and is there in seconds. Where the stack does not suffice for that, all of it is used.
 */
import { createInterface } from 'node:readline';
import solc from 'solc';

const steps = 'dhfoDgvulfnTUtnIf:fDnTOcmu';
const details = {
  peephole: true,
  inliner: false,
  jumpdestRemover: true,
  orderLiterals: false,
  deduplicate: false,
  cse: false,
  constantOptimizer: false,
  yul: true,
  yulDetails: { stackAllocation: true, optimizerSteps: steps },
};

const tooDeep = 'too deep in the stack';

function compile({ file, name, sources, light, whole = false }) {
  const settings = {
    evmVersion: 'prague',
    viaIR: light,
    optimizer: light && !whole ? { enabled: false, details } : { enabled: true },
    metadata: { bytecodeHash: 'none', appendCBOR: false },
    outputSelection: { [file]: { [name]: ['evm.bytecode.object'] } },
  };
  const texts = Object.entries(sources).map(([path, content]) => [path, { content }]);
  const input = { language: 'Solidity', sources: Object.fromEntries(texts), settings };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const wrong = (output.errors ?? []).find(({ severity }) => severity === 'error');
  if (light && !whole && wrong?.formattedMessage.includes(tooDeep)) {
    return compile({ file, name, sources, light, whole: true });
  }
  if (wrong !== undefined) return { error: wrong.formattedMessage };
  const made = output.contracts[file]?.[name];
  if (made === undefined) return { error: `${file} declares no contract ${name}` };
  return { code: `0x${made.evm.bytecode.object}` };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(compile(JSON.parse(line)))}\n`);
}
