/**
 * `npm start`: readies the checkout, then runs the venue in this very process, so that Ctrl-C
 * reaches one process, which closes the others in order.
 */
import { setup } from './setup.mjs';

try {
  await setup();
} catch (error) {
  process.stderr.write(`setup: ${error.message}\n`);
  process.exit(1);
}
const { importProgram } = await import('../packages/host/programs.mjs');
await importProgram(new URL('../packages/venue/src/main.ts', import.meta.url));
