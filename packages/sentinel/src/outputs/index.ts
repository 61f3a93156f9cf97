/** Where findings go. */
export { logChanges } from './log.ts';
export { createFindingMetrics, type FindingMetrics } from './prometheus.ts';
export { headerNames, loadWebhookKey, signBody, verifyBody } from './signature.ts';
export { createWebhook, type Webhook, type WebhookCounts, type WebhookOptions } from './webhook.ts';
