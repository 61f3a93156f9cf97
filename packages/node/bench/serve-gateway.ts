/** A gateway on loopback, for the bench: a process of its own. */
import { silentLogger } from '@holdfast/host';
import { domainSeparator } from '@holdfast/order';
import { startGateway } from '../src/edge/gateway.ts';
import { keyOf, theDomain } from '../test/fixture.ts';

const send = (message: object): void => void process.send?.(message);
const gateway = await startGateway({
  name: '1',
  secret: keyOf('gateway 1').secret,
  targets: [{ host: '127.0.0.1', port: Number(process.argv[2]) }],
  host: '127.0.0.1',
  port: 0,
  threads: 1,
  verifier: 'native',
  separator: domainSeparator(theDomain),
  logger: silentLogger(),
});
while (!gateway.isLinked()) await new Promise((done) => setTimeout(done, 20));
send({ url: gateway.url });

process.on('message', async (asked) => {
  if (asked !== 'stop') {
    const { user, system } = process.cpuUsage();
    send({ cpu: user + system });
    return;
  }
  await gateway.close();
  process.exit(0);
});
