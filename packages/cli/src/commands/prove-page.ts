/** prove page: the page on which a counterparty checks a margin proof in its own browser. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { pairs, type Result } from '../io.ts';
import type { Session } from '../session.ts';
import { checkFolders, finish, type Perform } from './shared.ts';

async function page({ io }: Session, options: { readonly out: string }): Promise<Result> {
  const out = resolve(io.cwd, options.out);
  checkFolders({ out });
  const text = await (await import('@holdfast/pool')).checkPage();
  writeFileSync(out, text);
  const sha256 = createHash('sha256').update(text).digest('hex');
  return {
    data: { out, sha256 },
    text: pairs([
      ['file', out],
      ['SHA-256', sha256],
    ]),
    next: 'open it in a browser; the same checkout writes the same bytes everywhere',
  };
}

/** prove page. */
export function pageCommand(perform: Perform): Command {
  const command = new Command('page')
    .description('Counterparty: write the page that checks a margin proof in a browser')
    .requiredOption('--out <file>', 'where the page goes: one HTML file');
  return finish(command, ['holdfast prove page --out check.html']).action((options) =>
    perform(options, (s) => page(s, options)),
  );
}
