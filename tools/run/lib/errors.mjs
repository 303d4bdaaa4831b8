// Errors that are the user's to mend, and how a program ends.

/** An error with a message for the user: the place, what is wrong, the remedy. */
export class UserError extends Error {}

/**
 * Runs an entry program: its exit status is what `body` returns (0 for nothing), or 1 after one line
 * `error: ...` on stderr. An error that is not a UserError is a bug of ours and shows its stack.
 */
export async function main(body) {
  try {
    process.exitCode = (await body(process.argv.slice(2))) ?? 0;
  } catch (error) {
    process.stderr.write(`error: ${error instanceof UserError ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
}
