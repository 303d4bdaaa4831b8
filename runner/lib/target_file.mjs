// The devices of a target, as the planner sees them.
import { findAllot, runAllot } from './allot_program.mjs';
import { UserError } from './errors.mjs';
import { readInput } from './read_input.mjs';

/**
 * The target called `name`, a file or a built-in name, as its JSON document. Without the planner's program it must be a
 * file, which is then read as it is. Throws UserError if there is no such target.
 */
export async function readTarget(name) {
  const program = findAllot();
  let text, place = name;
  if (program !== null) {
    text = await runAllot([`--target=${name}`, '--print-target']);
    place = `${program} --target=${name} --print-target`;
  } else {
    try {
      text = readInput(name).toString('utf8');
    } catch (error) {
      throw new UserError(`--target=${name}: ${error.message}; a built-in target needs the program allot: set ALLOT ` +
        'to its path');
    }
  }
  let target;
  try {
    target = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${place}: ${error.message}`);
  }
  const named = (device) => device !== null && typeof device === 'object' && typeof device.name === 'string';
  if (!Array.isArray(target?.devices) || target.devices.length === 0 || !target.devices.every(named)) {
    throw new UserError(`${place}: not a target: "devices" is missing, empty, or has one without a name`);
  }
  return target;
}
