/**
 * A process that compiles for the prover: it is sent inputs of the compiler, one at a time, and
 * sends back the output. What the model checker asks it puts to the solvers. A process of its own,
 * because the compiler blocks its thread while it asks and may exhaust its memory.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import solc from 'solc';

const decider = fileURLToPath(new URL('./decide.mjs', import.meta.url));

process.on('message', ({ input, solvers, seconds }) => {
  const asked = [];
  const smtSolver = (query) => {
    const decision = spawnSync(process.execPath, [decider], {
      input: JSON.stringify({ query, solvers, seconds }),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (decision.status !== 0) throw new Error(decision.stderr.trim());
    const { text, ...rest } = JSON.parse(decision.stdout);
    asked.push(rest);
    return { contents: text };
  };
  try {
    const output = JSON.parse(solc.compile(JSON.stringify(input), { smtSolver }));
    process.send({ output, asked });
  } catch (error) {
    process.send({ failure: error.message, asked });
  }
});
