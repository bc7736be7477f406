/** Puts the CA of a lab over HTTPS onto the client's host, in the forms that clients read, and says before a run which clients cannot do what it needs. */
import { createHash, X509Certificate } from 'node:crypto';
import { profiles } from '../../client/external/index.ts';
import type { Found, Profile, Program } from '../../client/external/profile.ts';
import { giveAny, inheritedVariables, variablesFor, type CaFiles } from '../../client/external/tls.ts';
import type { Host, Network } from '../network/drivers/driver.ts';
import { LabError } from '../vocabulary/errors.ts';
import type { ClientContext, ClientTls } from './stage-client.ts';

/** The words of env(1) that take out of the environment what would have a client trust other CAs, or none. */
export const withoutInherited: readonly string[] = inheritedVariables.flatMap((name) => ['-u', name]);

/** The words before an argv that give a program variables. None that it inherits has it trust other CAs. */
export function environmentWords(variables: Readonly<Record<string, string>>): string[] {
  return ['env', ...withoutInherited, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
}

/** The words before an argv that give the environment of a command in a lab over HTTPS: it trusts the CA in this file, and no other one. */
export function trusting(caFile: string): string[] {
  return environmentWords(variablesFor(caFile));
}

/** Where the certificate of the lab's CA lies on the client's host. */
export function caFileOf({ scratch }: Pick<Network, 'scratch'>): string {
  return `${scratch}/ca.pem`;
}

/** Writes the certificate of the lab's CA where a client on each of these hosts can read it. @throws {LabError} START_FAILED */
export async function giveCa(network: Pick<Network, 'scratch'>, ca: string, hosts: readonly Host[]): Promise<ClientTls> {
  const caFile = caFileOf(network);
  for (const host of hosts) {
    const { exitCode, stderr } = await host.run(['sh', '-c', 'printf %s "$2" >"$1"', 'sh', caFile, ca]);
    if (exitCode !== 0) throw new LabError('START_FAILED', `Could not write the certificate of the lab's CA to ${caFile} on the client's host: ${stderr}`);
  }
  return { caFile, ca };
}

/** What a client of the table lacks for a lab over HTTPS. `http2`: whether HTTP/2 is asked for. */
export function lackOf({ tls }: Profile, http2: boolean): 'tls' | 'http2' | null {
  return tls === null ? 'tls' : http2 && tls.http2 === 'never' ? 'http2' : null;
}

/**
 * Throws if a client cannot make the requests of a lab over HTTPS. `http2`: whether HTTP/2 is asked for. Nothing is known of a user's own command.
 * @throws {LabError} NOT_SUPPORTED
 */
export function requireTls({ name, profile: asked }: { name: string; profile?: Profile }, http2: boolean): void {
  if (asked === undefined) return;
  const lack = lackOf(asked, http2);
  if (lack === null) return;
  const able = Object.entries(profiles as Record<string, Profile>).flatMap(([name, profile]) => (lackOf(profile, lack === 'http2') === null ? [name] : [])).join(', ');
  if (lack === 'tls') throw new LabError('NOT_SUPPORTED', `Expected a client that speaks TLS and takes the lab's CA, because the lab is over HTTPS, got \`${name}\`, which does not. Those that do: ${able}.`);
  throw new LabError('NOT_SUPPORTED', `Expected a client that speaks HTTP/2, because \`http=2\` asks for it, got \`${name}\`, which cannot. Those that can: ${able}.`);
}

/** The same for the client that was found: a part of it may not be installed. @throws {LabError} MISSING_TOOL */
export function requireInstalled(name: string, { lacks }: Found, http2: boolean): void {
  const [what, remedy] = lacks?.tls !== undefined ? ['HTTPS', lacks.tls] : http2 ? ['HTTP/2', lacks?.http2] : [];
  if (remedy !== undefined) throw new LabError('MISSING_TOOL', `The client \`${name}\` is on the client's host, but without ${what}. To get it: ${remedy}.`);
}

/**
 * Returns the program with what gives it the CA of a lab over HTTPS; `prepare` is a command that must run before it. In a lab over HTTP: the program as it
 * is. `profile` is null for a user's own command.
 * @throws {LabError} START_FAILED when the files of the CA cannot be written.
 */
export async function withCa(context: ClientContext, profile: Profile | null, program: Program): Promise<{ program: Program; prepare?: readonly string[] }> {
  if (context.tls === null) return { program };
  const ca = await makeCaFiles(context, context.tls);
  const { variables = {}, words = [], prepare } = profile === null ? giveAny(ca) : (profile.tls?.give(ca) ?? {});
  const [file = '', ...rest] = program.argv;
  return { program: { ...program, argv: [file, ...words, ...rest], variables: { ...program.variables, ...variables } }, ...(prepare && { prepare }) };
}

/** Returns the program with HTTP/2 switched on, where it has an option for that. `profile` is null for a user's own command. */
export function withHttp2(profile: Profile | null, program: Program): Program {
  return { ...program, argv: [...program.argv, ...(profile?.tls?.http2Words ?? [])] };
}

/** Writes the further files of the CA onto the host on which clients that are not ours run: the client's host, or a container in its place. */
async function makeCaFiles({ externalHost, folder: clientFolder, driver }: ClientContext, { caFile, ca }: ClientTls): Promise<CaFiles> {
  const folder = `${clientFolder}-ca`;
  const { exitCode, stdout, stderr } = await externalHost.run(['sh', '-c', write, 'sh', folder, caFile, octal(trustStore(ca))]);
  if (exitCode !== 0) throw new LabError('START_FAILED', `Could not put the lab's CA onto the client's host: ${stderr}`);
  const [javaToolOptions = '', phpScanDir = ''] = stdout.split('\n');
  return { pem: caFile, jks: `${folder}/ca.jks`, wgetrc: `${folder}/wgetrc`, folder, driver, inherited: { JAVA_TOOL_OPTIONS: javaToolOptions, PHP_INI_SCAN_DIR: phpScanDir } };
}

/** Writes the files, and prints two variables. An image may have no base64(1). Its user reads the files, which root writes. */
const write = `set -e; umask 022; mkdir -p "$1"; cd "$1"; printf "$3" >ca.jks
printf 'curl.cainfo=%s\\nopenssl.cafile=%s\\n' "$2" "$2" >failover-lab.ini
{ cat "\${WGETRC:-$HOME/.wgetrc}" 2>/dev/null || true; echo; echo "ca_certificate = $2"; } >wgetrc
printf '%s\\n%s\\n' "$JAVA_TOOL_OPTIONS" "$PHP_INI_SCAN_DIR"`;

/** Bytes as the format of printf(1) that prints them. */
function octal(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/**
 * Returns a certificate (PEM) as a trust store of Java in the format JKS (sun.security.provider.JavaKeyStore), so that the lab need not start keytool, which
 * is a JVM. A trust store holds no secret; its digest is made with the password that Java itself uses for its own.
 */
function trustStore(pem: string): Buffer {
  const int = (value: number): Buffer => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(value); return bytes; };
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length >> 8, value.length & 0xff]), Buffer.from(value)]);
  const { raw } = new X509Certificate(pem);
  const magic = int(0xfeedfeed);
  const [formatVersion, entries, isCertificate, madeAt] = [int(2), int(1), int(2), Buffer.alloc(8)];
  const store = Buffer.concat([magic, formatVersion, entries, isCertificate, text('failover-lab'), madeAt, text('X.509'), int(raw.length), raw]);
  const digest = createHash('sha1').update(Buffer.from('changeit', 'utf16le').swap16()).update('Mighty Aphrodite').update(store).digest();
  return Buffer.concat([store, digest]);
}
