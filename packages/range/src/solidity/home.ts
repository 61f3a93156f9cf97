/** Where a contract of the venue is declared. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '@holdfast/host/programs';
import { EnvironmentError } from '@holdfast/units';

const source = join(root, 'contracts/src');

/** Path below contracts/ of the file that declares it. @throws EnvironmentError SourceMissing */
export function homeOf(name: string): string {
  const files = readdirSync(source, { recursive: true })
    .map((file) => String(file).replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.sol'));
  const pattern = new RegExp(`^\\s*(?:abstract\\s+)?contract\\s+${name}\\b`, 'm');
  const found = files.find((file) =>
    file.endsWith(`/${name}.sol`) || file === `${name}.sol`
      ? pattern.test(readFileSync(join(source, file), 'utf8'))
      : false,
  );
  if (found === undefined) {
    throw new EnvironmentError('SourceMissing', `contracts/src declares no contract ${name}`);
  }
  return `src/${found}`;
}
