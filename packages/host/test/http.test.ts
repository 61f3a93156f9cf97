import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetrics, fetchJson, findFreePort, serveJson } from '@holdfast/host';

describe('http', () => {
  it('routes, parses, refuses and answers', async () => {
    const metrics = createMetrics();
    metrics.counter('pings_total', 'pings').inc(2);
    const server = await serveJson({
      host: '127.0.0.1',
      port: 0,
      bodyBytesMax: 64,
      routes: {
        'GET /health': () => ({ status: 200, body: { ok: true, cash: 5n } }),
        'POST /echo': (request) => ({ status: 200, body: { got: request.body } }),
        'GET /metrics': async () => ({ status: 200, body: await metrics.text() }),
        'GET /boom': () => {
          throw new Error('secret detail');
        },
      },
    });
    const base = `http://127.0.0.1:${server.port}`;
    try {
      assert.deepEqual((await fetchJson(`${base}/health?x=1`)).body, { ok: true, cash: '5' });
      const echoed = await fetchJson(`${base}/echo`, { body: { a: 1 } });
      assert.deepEqual(echoed.body, { got: { a: 1 } });
      assert.equal((await fetchJson(`${base}/nothing`)).status, 404);
      const large = await fetchJson(`${base}/echo`, { body: { a: 'x'.repeat(100) } });
      assert.equal(large.status, 413);
      const boom = await fetchJson(`${base}/boom`);
      assert.equal(boom.status, 500);
      assert.ok(!JSON.stringify(boom.body).includes('secret'));
      assert.match(String((await fetchJson(`${base}/metrics`)).body), /holdfast_pings_total 2/);
    } finally {
      await server.close();
    }
    const port = await findFreePort();
    await assert.rejects(fetchJson(`http://127.0.0.1:${port}/`), { code: 'Unreachable' });
  });
});
