import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createService, type ServiceEvents } from '../src/launch/service.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-service-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

const deaf: ServiceEvents = { note: () => undefined, pid: () => undefined };

/** A service whose program is this text. */
function serviceOf(name: string, program: string, readyMsMax = 20_000) {
  const entry = join(dir, `${name}.mjs`);
  writeFileSync(entry, program);
  const logFile = join(dir, `${name}.log`);
  return createService({ name, entry, args: [], logFile, readyMsMax }, deaf);
}

describe('a service', () => {
  it('that ends before it is ready is reported with its own reason', async () => {
    const silent = serviceOf('silent', "console.log('out of ink'); process.exit(7);");
    await assert.rejects(silent.start(), {
      code: 'ServiceFailed',
      message: `silent did not start: exit 7; its log is ${join(dir, 'silent.log')}`,
    });
    assert.equal(readFileSync(join(dir, 'silent.log'), 'utf8'), 'out of ink\n');
    const told = "process.send({ type: 'failed', message: 'no space' }, () => process.exit(1));";
    await assert.rejects(serviceOf('told', told).start(), { message: /did not start: no space;/ });
  });

  it('that is never ready is ended and reported as late', async () => {
    const late = serviceOf('late', 'setInterval(() => undefined, 1000);', 700);
    await assert.rejects(late.start(), { message: /late did not start: not ready after 1 s;/ });
    assert.equal(late.pid(), undefined);
    assert.equal(late.state(), 'stopped');
  });
});
