/**
 * Makes dist/, which is what `npm pack` ships: Node does not strip types below node_modules. npm runs it before it packs (`prepack` in package.json).
 * A program of the package needs nothing but koffi, which is native: all other packages are a part of the bundles.
 */
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { programs, settings } from './build.ts';

const root = dirname(dirname(import.meta.dirname));
const dist = join(root, 'dist');
/** Large packages that few commands need. Each one is a file of its own, so that other commands do not read it. */
const vendored = ['dockerode', 'fastify'];
const all: BuildOptions = { ...settings(root, dist), external: ['koffi', 'esbuild', 'cpu-features', '*.node'], minifyWhitespace: true, minifySyntax: true };

rmSync(dist, { recursive: true, force: true });
for (const name of vendored) await build({ ...all, entryPoints: [{ in: name, out: `vendor/${name}` }], inject: [], sourcemap: false });
for (const program of programs) await build({ ...all, entryPoints: [program], plugins: [fromVendor(dirname(program))] });

/** Has a program that will be in `folder` of the build take the vendored packages from their files. */
function fromVendor(folder: string): Plugin {
  return {
    name: 'vendor',
    setup: ({ onResolve }) => {
      onResolve({ filter: new RegExp(`^(${vendored.join('|')})$`) }, ({ path }) => ({ path: relative(folder, `vendor/${path}.cjs`), external: true }));
    },
  };
}
