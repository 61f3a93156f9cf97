/** What a piece of work costs. */
import { cpuUsage } from 'node:process';

/** CPU time of all threads of this process during `run`, µs. */
export async function cpuMicros(run: () => void | Promise<void>): Promise<number> {
  const begun = cpuUsage();
  await run();
  const { user, system } = cpuUsage(begun);
  return user + system;
}
