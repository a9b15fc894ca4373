import { showDemo } from './demo-show.ts';

/**
 * Look at the views: `node test/support/views/demo.ts plan|lines|json|terminal [held|recurred|undone|elsewhere] [--all]
 * [--color] [--speed=N]`.
 */
await showDemo(process.argv.slice(2));
