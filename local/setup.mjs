/**
 * What `npm start` and `npm test` go through: sets up what is missing (packages from the lockfile, Node 24, a
 * Python virtual environment with MiniStack), then runs the command on Node 24. Runs on Node 20 before anything
 * is installed, so: no dependency, and in this file no syntax that an older Node could not even parse.
 *
 * Usage: node local/setup.mjs start|test [arguments of the command]
 */
const commands = { start: 'local/start.ts', test: 'local/run-tests.ts' };
const command = process.argv[2];

if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(
    `Interlock needs Node 20 or newer to set itself up, and this is ${process.version}: install it from https://nodejs.org.`,
  );
} else if (process.platform === 'win32') {
  fail('Interlock runs locally on Linux and macOS: on Windows, use it inside WSL 2.');
} else if (!Object.prototype.hasOwnProperty.call(commands, command)) {
  fail(`"${command}" is none of the commands this sets up: use npm start or npm test.`);
} else {
  run().catch((error) =>
    fail(error && error.name === 'SetupError' ? error.message : String((error && error.stack) || error)),
  );
}

async function run() {
  const { setUpAndRun } = await import('./setup/main.mjs');
  process.exitCode = await setUpAndRun(commands[command], process.argv.slice(3));
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
