/** The control plane of a service: the lab's lines on stdin, or HTTP where LAB_CONTROL_PORT is set, for a lab that a person drives with curl. */
import { serveStdin, type Command } from '../lab/vocabulary/control.ts';
import { readValue, wholeNumber } from '../lab/vocabulary/values.ts';
import type { About } from './usage.ts';

/** Resolves when commands can be given. @throws {LabError} BAD_INPUT for a LAB_CONTROL_PORT that is not a port. */
export async function serveControl<Name extends string>(commands: Record<Name, Command>, about: About<NoInfer<Name>>): Promise<void> {
  const port = process.env['LAB_CONTROL_PORT'];
  if (port === undefined) {
    serveStdin(commands);
    return;
  }
  // Loaded only here: fastify takes longer than all the rest of a service.
  const { serveHttpControl } = await import('./control-http.ts');
  await serveHttpControl(commands, about, readValue(wholeNumber(1024, 65_535), port, 'LAB_CONTROL_PORT'));
}
