/**
 * z3 from npm as a command: `node z3-wasm.mjs file.smt2 [option=value…]`, or `--version`. The
 * answer goes to the standard output as z3 prints it. It ends only when it is done or ended from
 * outside; whoever starts it sets the time limit.
 */
import { readFileSync } from 'node:fs';
import { init } from 'z3-solver';

const [file, ...options] = process.argv.slice(2);
const { Z3 } = await init();
if (file === '--version') {
  const { major, minor, build_number: build } = Z3.get_version();
  process.stdout.write(`Z3 version ${major}.${minor}.${build} - wasm\n`);
} else {
  for (const option of options) Z3.global_param_set(...option.split('='));
  const context = Z3.mk_context(Z3.mk_config());
  process.stdout.write(await Z3.eval_smtlib2_string(context, readFileSync(file, 'utf8')));
}
// Its threads would keep the process alive.
process.exit(0);
