/**
 * Clients that are libraries from npm, on the Node of the lab. They are no dependencies of the lab: `lab clients --install` installs each into a cache folder.
 * The folder has a link to programs/, and Node is told to keep the link (--preserve-symlinks). So a program that imports `axios` gets that of its folder.
 */
import { type ClientHost, type Profile } from './profile.ts';

/** Returns the folder in which a package is installed, below the project's folder. */
export function npmFolder({ root }: Pick<ClientHost, 'root'>, folder: string): string {
  return `${root}/node_modules/.cache/clients/${folder}`;
}

/** Returns the name of a package without its version: `axios` for `axios@1.21.1`. */
export function packageName(npm: string): string {
  return npm.slice(0, npm.lastIndexOf('@'));
}

/** Prints the version of a package, and of the Node that runs it. */
const versionScript = '`${require(process.argv[1]).version} Node ${process.versions.node}`';

/** The client of a library, as `program` of programs/ uses it. `words` are further words for that program. */
export function npmClient(
  library: string, version: string, { program, words = [], ...profile }: Pick<Profile, 'summary' | 'tls' | 'variants' | 'timeouts'> & { program: string; words?: readonly string[] },
): Profile {
  return {
    ...profile,
    install: { npm: `${library}@${version}`, folder: library },
    find: async (host) => {
      const folder = npmFolder(host, library);
      const { exitCode, stdout } = await host.run([host.node, '-p', versionScript, `${folder}/node_modules/${library}/package.json`]);
      if (exitCode !== 0) return null;
      return {
        version: stdout.trim(),
        program: { asked: 'over stdin', argv: [host.node, '--preserve-symlinks', '--preserve-symlinks-main', `${folder}/programs/${program}`, ...words], saysReady: true },
      };
    },
  };
}
