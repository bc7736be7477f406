/** A reporter of vitest that names the red tests once more as the last lines, because a log of CI often shows only its end. */
import type { Reporter, TestModule } from 'vitest/node';

export default class RedTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly { message?: string }[]): void {
    const lines = [
      ...modules.flatMap((file) => [
        ...file.errors().map(({ message }) => line(file.relativeModuleId, message)),
        // A hook of a suite has failed, so its tests did not run.
        ...[...file.children.allSuites()].flatMap((suite) => suite.errors().map(({ message }) => line(`${file.relativeModuleId} > ${suite.fullName}`, message))),
        ...[...file.children.allTests('failed')].map((each) => line(`${file.relativeModuleId} > ${each.fullName}`, each.result().errors?.[0]?.message)),
      ]),
      ...unhandled.map(({ message }) => line('outside a test', message)),
    ];
    if (lines.length > 0) console.error(`\n${lines.join('\n')}`);
  }
}

/** One line: what is red, and the beginning of why. */
function line(what: string, message = ''): string {
  return `RED: ${what}: ${message.split('\n')[0]?.slice(0, 200) ?? ''}`;
}
