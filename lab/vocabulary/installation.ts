/** How to get a program that is not part of the lab: onto this machine, or into the containers of the docker driver. */

/** What makes a program available: Debian packages, or a command and an image of the same program. */
export type Installation =
  | { packages: string; /** Another way, beside apt-get. */ or?: string }
  | { command: string; /** An image for --client-image that has the program. */ image: string };

/** How to install it on this machine. */
export function installText(way: Installation): string {
  return 'command' in way ? way.command : `apt-get install ${way.packages}${way.or === undefined ? '' : `, or ${way.or}`}`;
}

/** How to get it onto the hosts of a driver. A container has the programs of its image, and nothing that this machine has. */
export function howToGet(way: Installation, driver: string): string {
  if (driver !== 'docker') return installText(way);
  return 'image' in way ? `run it from an image that has it, --client-image ${way.image}` : `build the image of the lab with it, WITH=${way.packages.replaceAll(' ', ',')} (docs/docker.md)`;
}

/** The further Debian packages that the image is built with: WITH=nginx,wget. The Dockerfile reads the same variable. */
export function imagePackages(): string[] {
  return (process.env['WITH'] ?? '').split(/[\s,]+/).filter((word) => word !== '').sort();
}
