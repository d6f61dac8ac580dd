/** The program that the graphics card runs: a pixel finds its cell, the cell its code, the code its colour. */

/** How many codes a row of a texture holds. */
export const TEXTURE_WIDTH = 2048

export const VERTEX = `#version 300 es
precision highp float;
precision highp int;

uniform vec2 u_canvas;     // device pixels
uniform vec3 u_camera;     // left, top (CSS pixels), zoom
uniform float u_ratio;     // device pixels per CSS pixel

in vec4 a_rect;            // x, y, width, height on the map
in vec2 a_size;            // columns, rows
in ivec4 a_tiles;          // tiles, across, columns and rows of a tile
in ivec4 a_steps;          // start, tile across, tile down, row
in ivec4 a_more;           // column, channel, gap, kind
in vec3 a_ink;             // gain, bias, gain of the base

out vec2 v_cell;
flat out vec2 v_size;
flat out ivec4 v_tiles;
flat out ivec4 v_steps;
flat out ivec4 v_more;
flat out vec3 v_ink;

void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  // Whole device pixels, so that cells are as sharp as the screen.
  vec2 at = round((a_rect.xy * u_camera.z + u_camera.xy) * u_ratio);
  vec2 size = max(vec2(1.0), round(a_rect.zw * u_camera.z * u_ratio));
  vec2 place = (at + corner * size) / u_canvas;
  gl_Position = vec4(place.x * 2.0 - 1.0, 1.0 - place.y * 2.0, 0.0, 1.0);
  v_cell = corner * a_size;
  v_size = a_size;
  v_tiles = a_tiles;
  v_steps = a_steps;
  v_more = a_more;
  v_ink = a_ink;
}`

export const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp isampler2D;

uniform isampler2D u_codes;
uniform isampler2D u_base;
uniform vec3 u_negative;
uniform vec3 u_zero;
uniform vec3 u_positive;
uniform vec3 u_mark;
uniform vec3 u_stripe;
uniform float u_veil;       // how much of the base shows through; 0: the base is subtracted

in vec2 v_cell;
flat in vec2 v_size;
flat in ivec4 v_tiles;
flat in ivec4 v_steps;
flat in ivec4 v_more;
flat in vec3 v_ink;
out vec4 colour;

int codeAt(isampler2D codes, int index) {
  return texelFetch(codes, ivec2(index % ${TEXTURE_WIDTH}, index / ${TEXTURE_WIDTH}), 0).r;
}

bool isMarked(int code) { return code >= 32767 || code <= -32767; }

// The share of the scale in x; y is 1 where it is not finite.
vec2 shareAt(int index) {
  int code = codeAt(u_codes, index);
  if (isMarked(code)) return vec2(0.0, 1.0);
  float share = float(code) * v_ink.x + v_ink.y;
  if (!isnan(v_ink.z) && u_veil == 0.0) {
    int before = codeAt(u_base, index);
    if (isMarked(before)) return vec2(0.0, 1.0);
    share = float(code) * v_ink.x - float(before) * v_ink.z + v_ink.y;
  }
  return vec2(share, 0.0);
}

// The same of the frame that lies over it.
vec2 veilAt(int index) {
  int code = codeAt(u_base, index);
  return isMarked(code) ? vec2(0.0, 1.0) : vec2(float(code) * v_ink.z + v_ink.y, 0.0);
}

int indexOf(ivec2 cell) {
  ivec2 pitch = v_tiles.zw + v_more.z;
  ivec2 tile = cell / pitch;
  ivec2 inside = cell - tile * pitch;
  if (inside.x >= v_tiles.z || inside.y >= v_tiles.w || tile.y * v_tiles.y + tile.x >= v_tiles.x) return -1;
  return v_steps.x + tile.x * v_steps.y + tile.y * v_steps.z + inside.y * v_steps.w + inside.x * v_more.x;
}

vec3 colourOf(vec2 share, bool isBars, float height) {
  if (share.y > 0.5) return mod(gl_FragCoord.x + gl_FragCoord.y, 6.0) < 3.0 ? u_stripe : u_mark;
  vec3 pole = share.x < 0.0 ? u_negative : u_positive;
  if (!isBars) return mix(u_zero, pole, sqrt(min(1.0, abs(share.x))));
  bool isInside = share.x < 0.0 ? height <= 0.0 && height >= share.x : height >= 0.0 && height <= share.x;
  return isInside ? pole : u_zero;
}

// Three shares as one colour.
vec3 rgbOf(vec2 red, vec2 green, vec2 blue) {
  if (red.y + green.y + blue.y > 0.5) return colourOf(vec2(0.0, 1.0), false, 0.0);
  return clamp(vec3(red.x, green.x, blue.x), 0.0, 1.0);
}

vec4 sampleAt(vec2 cell) {
  bool isBars = v_more.w == 1 || v_more.w == 3;
  ivec2 whole = ivec2(clamp(floor(cell), vec2(0.0), v_size - 1.0));
  int index = indexOf(isBars ? ivec2(whole.x, 0) : whole);
  if (index < 0) return vec4(0.0);
  vec2 share = shareAt(index);
  bool isVeiled = !isnan(v_ink.z) && u_veil > 0.0;
  if (v_more.w == 2) {
    vec3 rgb = rgbOf(share, shareAt(index + v_more.y), shareAt(index + 2 * v_more.y));
    if (!isVeiled) return vec4(rgb, 1.0);
    vec3 over = rgbOf(veilAt(index), veilAt(index + v_more.y), veilAt(index + 2 * v_more.y));
    return vec4(mix(rgb, over, u_veil), 1.0);
  }
  float up = 1.0 - cell.y / v_size.y;
  float height = v_more.w == 1 ? 2.0 * up - 1.0 : up;
  vec3 colour = colourOf(share, isBars, height);
  if (isVeiled) colour = mix(colour, colourOf(veilAt(index), isBars, height), u_veil);
  return vec4(colour, 1.0);
}

void main() {
  if (isnan(v_ink.x)) discard;
  // Where cells are about as small as pixels, a pixel shows the mean of what it covers; larger cells stay sharp.
  vec2 pixel = vec2(dFdx(v_cell.x), abs(dFdy(v_cell.y)));
  float widest = max(pixel.x, pixel.y);
  int samples = widest > 1.2 ? 4 : widest > 0.34 && fract(1.0 / widest + 0.01) > 0.02 ? 2 : 1;
  vec4 sum = vec4(0.0);
  for (int y = 0; y < samples; y++) {
    for (int x = 0; x < samples; x++) {
      vec2 within = (vec2(x, y) + 0.5) / float(samples) - 0.5;
      sum += sampleAt(v_cell + within * pixel);
    }
  }
  colour = sum / float(samples * samples);
}`
