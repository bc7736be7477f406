/**
 * Makes dist/, which is what `npm pack` ships: Node does not strip types below node_modules. npm runs it before it packs (`prepack` in package.json).
 * A program of the package needs nothing but koffi, which is native: all other packages are a part of the bundles.
 */
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { cpSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { pageSettings, programs, settings, workshopSettings } from './build.ts';

const root = dirname(dirname(import.meta.dirname));
const dist = join(root, 'dist');
/** Large packages that few commands need. Each one is a file of its own, so that other commands do not read it. */
const vendored = ['dockerode', 'fastify'];
/** The files of lab/api/ that `exports` of package.json names. */
const entries = ['index', 'faults', 'scenarios'];
const all: BuildOptions = { ...settings(root, dist), external: ['koffi', 'esbuild', 'cpu-features', '*.node'] };

rmSync(dist, { recursive: true, force: true });
for (const name of vendored) await build({ ...all, entryPoints: [{ in: name, out: `vendor/${name}` }], inject: [], sourcemap: false, minifyIdentifiers: true });
for (const program of programs) await build({ ...all, entryPoints: [program], plugins: [fromVendor(dirname(program))] });
await build({ ...pageSettings(root), outdir: dist });
await build({ ...workshopSettings(root), outdir: dist });
// The library runs in somebody's process, perhaps on an older Node, and leaves the stack traces of that process alone.
await build({ ...all, entryPoints: entries.map((entry) => `lab/api/${entry}.ts`), plugins: [fromVendor('lab/api')], inject: ['lab/build/older-node.ts'], target: 'node20.16', sourcemap: false });

// zx names the types of fs-extra. Nothing that is public here uses them.
const withoutReference = { name: 'without-reference', renderChunk: (code: string) => code.replace(/^\/\/\/ <reference types="fs-extra" \/>$/m, '') };
// One file of types for each entry, and what they share. The types of other packages are a part of them, so nobody has to install those packages.
const types = await rollup({ input: Object.fromEntries(entries.map((entry) => [entry, join(root, `lab/api/${entry}.ts`)])), plugins: [dts({ respectExternal: true, tsconfig: join(root, 'tsconfig.json') }), withoutReference], external: /^node:/, onwarn: ({ code, message }) => { if (code !== 'UNRESOLVED_IMPORT') console.error(message); } });
await types.write({ dir: join(dist, 'types'), entryFileNames: '[name].d.cts', chunkFileNames: '[name]-shared.d.cts' });

// What the docker driver makes its image from. Of lab/, the programs in the image import lab/vocabulary/ alone. lab/build/ bundles them, and the other two rooms prepare the clients of WITH=clients.
for (const name of ['Dockerfile', '.dockerignore', 'compose.yaml', 'package.json', 'package-lock.json', 'lab/build', 'lab/clients', 'lab/network', 'lab/vocabulary', 'services', 'client']) {
  cpSync(join(root, name), join(dist, 'image', name), { recursive: true, filter: (path) => !/\.(test|case|fixture)\.ts$|\/lab\/testing|__pycache__/.test(path) });
}

/** Has a program that will be in `folder` of the build take the vendored packages from their files. */
function fromVendor(folder: string): Plugin {
  return {
    name: 'vendor',
    setup: ({ onResolve }) => {
      onResolve({ filter: new RegExp(`^(${vendored.join('|')})$`) }, ({ path }) => ({ path: relative(folder, `vendor/${path}.cjs`), external: true }));
    },
  };
}
