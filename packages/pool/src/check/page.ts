/**
 * The page on which a counterparty checks a margin proof: one HTML file with all of its code, that
 * loads nothing and asks only the node whose URL is typed into it.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { root } from '@holdfast/host/programs';
import { body, style } from './page-text.ts';

/** A file of the page, as one script. */
export async function browserBundle(entry: string, globalName?: string) {
  // Loaded here: a heavy tool, which one command needs.
  const { build, stop } = await import('esbuild');
  const made = await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'packages/pool/src/check', entry)],
    bundle: true,
    minify: true,
    format: 'iife',
    ...(globalName === undefined ? {} : { globalName }),
    platform: 'browser',
    target: 'es2022',
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'silent',
    metafile: true,
    write: false,
  });
  // Its service is a process of its own.
  await stop();
  return { text: made.outputFiles[0]!.text.trimEnd(), inputs: Object.keys(made.metafile.inputs) };
}

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The page. The same sources make the same bytes, so that two people can compare its hash. */
export async function checkPage(): Promise<string> {
  const { text: script } = await browserBundle('ui.mjs');
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    'connect-src http: https:',
    "img-src data:; base-uri 'none'; form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><link rel="icon" href="data:,">
<title>Check a margin proof</title><style>${style}</style></head>
<body>${body}<script>${script}</script></body></html>
`;
}
