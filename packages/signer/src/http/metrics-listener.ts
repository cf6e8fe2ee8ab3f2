import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { browserRefusal, browserRules } from '../access/browser.ts';
import type { SignerMetrics } from '../metrics.ts';
import { sendJson, sendText } from './answers.ts';
import type { HealthChecks } from './health.ts';
import type { Limits } from './limits.ts';
import { createListener, listen } from './listener.ts';

/** Where Prometheus reads. On a port of its own, so that the signing port can be closed to everything but clients. */
export interface MetricsListener {
  readonly host?: string;
  readonly port: number;
}

/** Listens for `/metrics`, `/upcheck` and `/healthcheck`; nothing there changes anything or names a key. */
export async function serveMetrics(
  { host = '127.0.0.1', port }: MetricsListener,
  { metrics, health, limits }: { metrics: SignerMetrics; health: HealthChecks; limits: Limits },
): Promise<{ readonly server: Server; readonly port: number }> {
  const browser = browserRules(host);
  const server = createListener(undefined, { ...limits, connectionsMax: 32 }, (req, res) => {
    if (browserRefusal(browser, req.headers) !== null) return sendText(res, 403, 'not for web pages');
    answer(req, res, metrics, health).catch(() => sendText(res, 500, 'failed'));
  });
  return { server, port: await listen(server, host, port) };
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  { registry }: SignerMetrics,
  health: HealthChecks,
): Promise<void> {
  if (req.method !== 'GET') return sendText(res, 405, 'GET only');
  if (req.url === '/metrics') {
    const text = await registry.metrics();
    res.writeHead(200, { 'Content-Type': registry.contentType });
    res.end(text);
  } else if (req.url === '/healthcheck') {
    const found = await health.read();
    sendJson(res, found.status === 'UP' ? 200 : 503, found);
  } else if (req.url === '/upcheck') sendText(res, 200, 'OK');
  else sendText(res, 404, 'nothing is served here');
}
