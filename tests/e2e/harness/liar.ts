/**
 * A party that lies or dies to order. The program is the real one: its words are changed on their
 * way out, under its own signature, as somebody would who owns its machine.
 *
 * `--lie swap|split|partial|equivocate`, `--die TYPE` (kill -9 before it says that), `--program
 * reporter` for a reporter instead of a party, and the arguments of that.
 */
import { openParty, partyPaths, passphraseFrom, signWith } from '@holdfast/party';
import { type Envelope, signedBytes } from '@holdfast/quorum';
import WebSocket from 'ws';

function take(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv.splice(at, 2)[1];
}

type Frame = { op: string; to: string[]; envelope: string };
type Package = { message: string; signers: { index: number; nonces: object }[] };
type Lie = (body: never) => unknown;

const flip = (text: string): string => `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`;

const lies: Record<string, Partial<Record<string, Lie>>> = {
  /** Has another message signed than it asked for. */
  swap: { package: (body: Package) => ({ ...body, message: '0x6c6965' }) },
  /** Shows the other signers other nonces than it signs with itself: no shares fit together. */
  split: {
    package: ({ signers, ...body }: Package) => {
      const [one, two] = signers.map(({ nonces }) => nonces) as [object, object];
      return { ...body, signers: signers.map((each, i) => ({ ...each, nonces: i ? one : two })) };
    },
  },
  /** Signs wrongly. */
  partial: { partial: ({ partial }: { partial: string }) => ({ partial: flip(partial) }) },
  /** Says two things as one broadcast of a ceremony. */
  equivocate: {
    confirm: (body: { transcript: string }) => ({ ...body, transcript: flip(body.transcript) }),
  },
};

const lie = take('--lie');
const death = take('--die');
const isReporter = take('--program') === 'reporter';
const dir = process.argv[process.argv.indexOf(isReporter ? '--party' : '--dir') + 1] ?? '';
const vault = await openParty(dir, await passphraseFrom({ file: partyPaths(dir).passphrase }));
const sign = signWith(vault.secrets.identity.sign);

function bend(envelope: Envelope): Envelope {
  const bent = lie === undefined ? undefined : lies[lie]?.[envelope.type];
  if (bent === undefined) return envelope;
  const payload = JSON.stringify(bent(JSON.parse(envelope.payload) as never));
  const { signature: _, ...whole } = { ...envelope, payload };
  return { ...whole, signature: sign(signedBytes(whole)) };
}

const plain = WebSocket.prototype.send;
WebSocket.prototype.send = function send(this: WebSocket, data: unknown, ...rest: unknown[]) {
  const say = (frame: object): void => plain.apply(this, [JSON.stringify(frame), ...rest] as never);
  const frame = JSON.parse(String(data)) as Frame;
  if (frame.op !== 'send') {
    say(frame);
    return;
  }
  const envelope = JSON.parse(frame.envelope) as Envelope;
  if (envelope.type === death) process.kill(process.pid, 'SIGKILL');
  const isSplit = lie === 'equivocate' && frame.to.length > 1;
  const [first, ...others] = frame.to as [string, ...string[]];
  // The first hears the truth, the others the lie.
  if (isSplit) say({ ...frame, to: [first] });
  const to = isSplit ? others : frame.to;
  say({ ...frame, to, envelope: JSON.stringify(bend(envelope)) });
} as never;

if (isReporter) await import('../../../packages/reporter/src/main.ts');
else await import('../../../packages/party/src/main.ts');
