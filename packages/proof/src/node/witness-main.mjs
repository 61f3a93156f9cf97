/**
 * A witness in a process of its own: `node witness-main.mjs circuit.wasm out.wtns`, signals as JSON
 * on standard input, because arguments are seen by everyone on a machine.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadCircuit, witnessFile, witnessPrime } from './witness.mjs';

const [, , wasm, out] = process.argv;
try {
  const input = JSON.parse(readFileSync(0, 'utf8'));
  const witness = loadCircuit(readFileSync(wasm))(input);
  writeFileSync(out, witnessFile(witness, witnessPrime), { mode: 0o600 });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
