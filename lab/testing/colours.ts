/** What an eye makes of colours `#rrggbb`: contrast, and how different two of them are, also to an eye that lacks a kind of cone. */

type Triple = [number, number, number];

const linear = (colour: string): Triple => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as Triple;

const times = (matrix: readonly Triple[], [x, y, z]: Triple): Triple => matrix.map(([a, b, c]) => a * x + b * y + c * z) as Triple;

/** Relative luminance and contrast as WCAG 2.2 defines them. axe cannot judge text in an SVG, so this is computed here. */
export function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [one, other].map((colour) => times([[0.2126, 0.7152, 0.0722]], linear(colour))[0]).sort((first, second) => first - second);
  return (high + 0.05) / (low + 0.05);
}

/** What each kind of eye sees of linear light: the matrices of Machado, Oliveira and Fernandes 2009 for full severity. */
const eyes = {
  'full colour vision': [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  'protanopia': [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  'deuteranopia': [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  'tritanopia': [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
} satisfies Record<string, Triple[]>;

export type Eye = keyof typeof eyes;
export const eyeNames = Object.keys(eyes) as Eye[];

/** The colour in OKLab (Ottosson 2020) as this eye sees it: lightness from 0 to 1, and two axes of colour. */
function oklab(colour: string, eye: Eye): Triple {
  const seen = times(eyes[eye], linear(colour)).map((part) => Math.min(Math.max(part, 0), 1)) as Triple;
  const cones = times([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], seen).map(Math.cbrt) as Triple;
  return times([[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]], cones);
}

/** How different two colours are, as a distance in OKLab. Some 0.02 is the least difference that an eye notices between two areas that touch. */
export function difference(one: string, other: string, eye: Eye): number {
  const [first, second] = [oklab(one, eye), oklab(other, eye)];
  return Math.hypot(...first.map((value, axis) => value - (second[axis] ?? 0)));
}

/** Lightness in OKLab, from 0 to 1. */
export function lightness(colour: string, eye: Eye): number {
  return oklab(colour, eye)[0];
}
