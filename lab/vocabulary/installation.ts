/** How to get a program that is not part of the lab: onto this machine, or into the containers of the docker driver. */

/** What makes a program available: Debian packages, or a package from npm. */
export type Installation =
  | { packages: string; /** Another way, beside apt-get. */ or?: string }
  | NpmInstallation;

/** A package from npm, which `make clients install=1` installs. It is no dependency of the lab. */
export interface NpmInstallation {
  /** The package with its version, as `npm install` takes it: `axios@1.21.1`. */
  npm: string;
  /** The folder in which it is installed, below node_modules/.cache/clients/. */
  folder: string;
  /** An image for --client-image that has the program. */
  image?: string;
}

/** How to install it on this machine. */
export function installText(way: Installation): string {
  return 'npm' in way ? 'make clients install=1' : `apt-get install ${way.packages}${way.or === undefined ? '' : `, or ${way.or}`}`;
}

/** How to get it onto the hosts of a driver. A container has the programs of its image, and nothing that this machine has. */
export function howToGet(way: Installation, driver: string): string {
  if (driver !== 'docker') return installText(way);
  if ('npm' in way) return way.image === undefined ? 'run it on namespaces, --driver netns: it is installed on this machine, and the docker driver does not see it' : `run it from an image that has it, --client-image ${way.image}`;
  return `build the image of the lab with it, WITH=${way.packages.replaceAll(' ', ',')} (docs/docker.md)`;
}

/** The further Debian packages that the image is built with: WITH=nginx,wget. The Dockerfile reads the same variable. */
export function imagePackages(): string[] {
  return (process.env['WITH'] ?? '').split(/[\s,]+/).filter((word) => word !== '').sort();
}
