// Errors that are the user's to mend, and how a program ends.
import { inTone } from './text_output.mjs';

/** An error with a message for the user: the place, what is wrong, the remedy. */
export class UserError extends Error {}

/** `text` on one line: messages of ONNX Runtime and of JSON.parse may have several. */
export const oneLine = (text) => text.trim().replace(/\s*[\r\n]+\s*/g, ' ')
  .replace(/[\u0000-\u001f\u007f]/g, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);

/**
 * Runs an entry program: its exit status is what `body` returns (0 for nothing), or 1 after one line
 * `error: ...` on stderr. An error that is not a UserError is a bug of ours and shows its stack.
 */
export async function main(body) {
  // Whoever reads our output may stop (`| head`); that is no fault.
  process.stdout.on('error', (error) => {
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(`error: cannot write to standard output: ${oneLine(error.message)}\n`);
    process.exit(1);
  });
  try {
    process.exitCode = (await body(process.argv.slice(2))) ?? 0;
  } catch (error) {
    const clear = process.stderr.isTTY ? '\r\x1b[K' : '';
    process.stderr.write(`${clear}${inTone('error', 'error:', process.stderr)} ${error instanceof UserError ? oneLine(error.message) : error.stack}\n`);
    process.exitCode = 1;
  }
}
