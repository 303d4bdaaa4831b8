#!/usr/bin/env node
// Serves the report of a plan, or two beside each other, and plans again when a node is moved.
import { helpText, parseArguments } from './lib/arguments.mjs';
import { main, UserError } from './lib/errors.mjs';
import { withTemporaryFolder } from './lib/temporary_folder.mjs';
import { ViewServer } from './lib/view_server.mjs';

const USAGE = 'allot view DIR [DIR] [options]';
const FLAGS = {
  port: { kind: 'integer', value: 'N', least: 0, initial: 0, help: 'where to listen, on 127.0.0.1; 0: any port that is free' },
  model: { kind: 'text', value: 'FILE', help: 'the model, for planning again, if it is not where manifest.json says' },
};

await main(async (argv) => {
  const flags = parseArguments(argv, FLAGS);
  if (flags.help) {
    process.stdout.write(helpText(USAGE, 'Serves the report in DIR, or the plans of two folders beside each other, to a browser on this machine.\nDragging a node to another device plans again. Ends at Ctrl+C.', FLAGS));
    return 0;
  }
  const folders = flags.positional;
  if (folders.length === 0 || folders.length > 2) throw new UserError(`${folders.length === 0 ? 'no folder given' : 'more than two folders given'}; usage: ${USAGE}`);
  if (flags.port > 65535) throw new UserError(`--port=${flags.port}: expected at most 65535`);
  await withTemporaryFolder(async (temporary) => {
    const server = new ViewServer(folders, { temporary, model: flags.model, say: (text) => process.stderr.write(`${text}\n`) });
    const address = await server.listen(flags.port);
    process.stdout.write(`${folders.join(' and ')}: ${address}  (Ctrl+C ends)\n`);
    await new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, resolve);
    });
    server.close();
  });
  return 0;
});
