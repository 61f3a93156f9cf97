/** Where findings go. */
export { type Desk, type DeskOptions, openDesk, type Reported } from './desk.ts';
export { logChanges } from './log.ts';
export { createFindingMetrics, type FindingMetrics } from './prometheus.ts';
export { headerNames, loadWebhookKey, signBody, verifyBody } from './signature.ts';
export { createWebhook, type Webhook, type WebhookCounts, type WebhookOptions } from './webhook.ts';
