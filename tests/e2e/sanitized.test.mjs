/*
 * sanitized: hostile.test.mjs once more, against the build with address and undefined-behaviour
 * sanitizers: what merely went well is then seen to have been right.
 */

import { ROOT, must } from './lib/stack.mjs';

await must('make', ['-s', 'SANITIZE=1', 'all'], { timeout_ms: 600_000 });
process.env.MCP_FPM = `${ROOT}/build/asan/mcp-fpm`;
await import('./hostile.test.mjs');
