/** Where a run came from. */
import { execFileSync } from 'node:child_process';
import { root } from '@holdfast/host/programs';

/** The commit of this checkout, so that a failure can be replayed; `unknown` outside of one. */
export function commitOf(): string {
  try {
    const args = ['rev-parse', '--short=12', 'HEAD'];
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'unknown';
  }
}
