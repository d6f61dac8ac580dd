/**
 * The painter on the graphics card. The codes of a frame's row are one texture, uploaded as they came from the run;
 * the shader applies scale and colour. A frame costs two uploads and one draw call a role, however many pictures.
 */
import type { Colour, Palette } from '../../pictures/paper/palette'
import type { Size } from '../../pictures/paper/sheet'
import { fitCanvas, type Camera, type Inking, type Painter, type Placed, type RowName } from './painter'
import { FRAGMENT, TEXTURE_WIDTH, VERTEX } from './shader'

const KINDS = { heat: 0, bars: 1, rgb: 2, columns: 3 } as const

/** Floats and integers of one picture in its buffer: rect, size, then three groups of four integers. */
const PICTURE_WORDS = 4 + 2 + 12
const INK_WORDS = 3

interface Row {
  readonly vao: WebGLVertexArrayObject
  readonly pictureBuffer: WebGLBuffer
  readonly inkBuffer: WebGLBuffer
  readonly codes: CodeTexture
  readonly base: CodeTexture
  /** Which of the painter's pictures this row's instances are. */
  picked: number[]
}

export class WebglPainter implements Painter {
  readonly kind = 'webgl'
  private program: Program
  private rows = new Map<RowName, Row>()

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGL2RenderingContext,
    private readonly onRestored: () => void,
  ) {
    this.program = makeProgram(gl)
    canvas.addEventListener('webglcontextlost', this.lost)
    canvas.addEventListener('webglcontextrestored', this.restored)
  }

  setPictures(pictures: readonly Placed[]): void {
    for (const row of this.rows.values()) row.picked = []
    for (const [i, picture] of pictures.entries()) this.row(picture.row).picked.push(i)
    for (const row of this.rows.values()) {
      const packed = pack(row.picked.flatMap((i) => pictures[i] ?? []))
      this.gl.bindBuffer(this.gl.ARRAY_BUFFER, row.pictureBuffer)
      this.gl.bufferData(this.gl.ARRAY_BUFFER, packed, this.gl.STATIC_DRAW)
    }
  }

  setRow(name: RowName, codes: Int16Array | null, base: Int16Array | null): void {
    const row = this.row(name)
    row.codes.upload(codes)
    row.base.upload(base)
  }

  setInkings(inkings: readonly Inking[]): void {
    for (const row of this.rows.values()) {
      const packed = new Float32Array(row.picked.length * INK_WORDS)
      row.picked.forEach((picture, i) => {
        const { gain, bias, baseGain } = inkings[picture] ?? { gain: NaN, bias: 0, baseGain: NaN }
        // Without a texture there is nothing to read: the picture is left out.
        const isThere = row.codes.isFilled && (row.base.isFilled || Number.isNaN(baseGain))
        packed.set([isThere ? gain : NaN, bias, baseGain], i * INK_WORDS)
      })
      this.gl.bindBuffer(this.gl.ARRAY_BUFFER, row.inkBuffer)
      this.gl.bufferData(this.gl.ARRAY_BUFFER, packed, this.gl.DYNAMIC_DRAW)
    }
  }

  draw({ zoom, left, top }: Camera, room: Size, palette: Palette, veil: number): void {
    const { gl, program } = this
    program.check()
    const ratio = fitCanvas(this.canvas, room)
    gl.viewport(0, 0, this.canvas.width, this.canvas.height)
    gl.clearColor(0, 0, 0, 0)
    gl.clear(gl.COLOR_BUFFER_BIT)
    gl.useProgram(program.program)
    gl.uniform2f(program.at('u_canvas'), this.canvas.width, this.canvas.height)
    gl.uniform3f(program.at('u_camera'), left, top, zoom)
    gl.uniform1f(program.at('u_ratio'), ratio)
    gl.uniform1f(program.at('u_veil'), veil)
    setColour(gl, program.at('u_negative'), palette.negative)
    setColour(gl, program.at('u_zero'), palette.zero)
    setColour(gl, program.at('u_positive'), palette.positive)
    setColour(gl, program.at('u_mark'), palette.mark)
    setColour(gl, program.at('u_stripe'), palette.markStripe)
    gl.uniform1i(program.at('u_codes'), 0)
    gl.uniform1i(program.at('u_base'), 1)
    for (const row of this.rows.values()) {
      if (row.picked.length === 0) continue
      row.codes.bind(gl.TEXTURE0)
      row.base.bind(gl.TEXTURE1)
      gl.bindVertexArray(row.vao)
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, row.picked.length)
    }
    gl.bindVertexArray(null)
  }

  close(): void {
    this.canvas.removeEventListener('webglcontextlost', this.lost)
    this.canvas.removeEventListener('webglcontextrestored', this.restored)
    this.gl.getExtension('WEBGL_lose_context')?.loseContext()
  }

  private readonly lost = (event: Event): void => {
    event.preventDefault() // else the browser never gives it back
  }

  private readonly restored = (): void => {
    this.program = makeProgram(this.gl)
    this.rows = new Map()
    this.onRestored()
  }

  private row(name: RowName): Row {
    const known = this.rows.get(name)
    if (known) return known
    const { gl, program } = this
    const [vao, pictureBuffer, inkBuffer] = [gl.createVertexArray(), gl.createBuffer(), gl.createBuffer()]
    gl.bindVertexArray(vao)
    gl.bindBuffer(gl.ARRAY_BUFFER, pictureBuffer)
    const stride = 4 * PICTURE_WORDS
    floats(gl, program.program, 'a_rect', 4, stride, 0)
    floats(gl, program.program, 'a_size', 2, stride, 16)
    integers(gl, program.program, 'a_tiles', stride, 24)
    integers(gl, program.program, 'a_steps', stride, 40)
    integers(gl, program.program, 'a_more', stride, 56)
    gl.bindBuffer(gl.ARRAY_BUFFER, inkBuffer)
    floats(gl, program.program, 'a_ink', INK_WORDS, 4 * INK_WORDS, 0)
    gl.bindVertexArray(null)
    const row = {
      vao,
      pictureBuffer,
      inkBuffer,
      codes: new CodeTexture(gl),
      base: new CodeTexture(gl),
      picked: [],
    }
    this.rows.set(name, row)
    return row
  }
}

/** Codes of one row, `TEXTURE_WIDTH` a line. */
class CodeTexture {
  isFilled = false
  private height = 0
  private shown: Int16Array | null = null
  private readonly texture: WebGLTexture
  private readonly mostLines: number

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.mostLines = Number(gl.getParameter(gl.MAX_TEXTURE_SIZE))
    this.texture = gl.createTexture()
    this.reserve(1)
  }

  upload(codes: Int16Array | null): void {
    this.isFilled = codes !== null
    if (!codes || codes === this.shown) return
    this.shown = codes
    const { gl } = this
    const lines = Math.ceil(codes.length / TEXTURE_WIDTH)
    if (lines > this.mostLines) {
      this.isFilled = false // more than the card holds: no picture rather than a wrong one
      return
    }
    if (lines > this.height) this.reserve(lines)
    gl.bindTexture(gl.TEXTURE_2D, this.texture)
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 2)
    const full = Math.floor(codes.length / TEXTURE_WIDTH)
    const rest = codes.length - full * TEXTURE_WIDTH
    const put = (y: number, width: number, height: number, part: Int16Array) => {
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, y, width, height, gl.RED_INTEGER, gl.SHORT, part)
    }
    if (full) put(0, TEXTURE_WIDTH, full, codes.subarray(0, full * TEXTURE_WIDTH))
    if (rest) put(full, rest, 1, codes.subarray(full * TEXTURE_WIDTH))
  }

  bind(unit: GLenum): void {
    this.gl.activeTexture(unit)
    this.gl.bindTexture(this.gl.TEXTURE_2D, this.texture)
  }

  private reserve(height: number): void {
    const { gl } = this
    this.height = height
    gl.bindTexture(gl.TEXTURE_2D, this.texture)
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R16I, TEXTURE_WIDTH, height, 0, gl.RED_INTEGER, gl.SHORT, null)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST)
  }
}

interface Program {
  readonly program: WebGLProgram
  at(uniform: string): WebGLUniformLocation | null
  /** Throws when the program does not link; asking waits for it. */
  check(): void
}

function makeProgram(gl: WebGL2RenderingContext): Program {
  const program = gl.createProgram()
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind)
    if (!shader) continue // the context is lost; it is made again when it comes back
    gl.shaderSource(shader, source)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
  }
  gl.linkProgram(program)
  gl.flush() // it compiles beside the page; whether it did is asked when it is first used
  const locations = new Map<string, WebGLUniformLocation | null>()
  let isChecked = false
  return {
    program,
    check() {
      if (isChecked || gl.isContextLost()) return
      isChecked = true
      if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
        throw new Error(`the picture shader does not link: ${gl.getProgramInfoLog(program) ?? ''}`)
      }
    },
    at(uniform) {
      if (!locations.has(uniform)) locations.set(uniform, gl.getUniformLocation(program, uniform))
      return locations.get(uniform) ?? null
    },
  }
}

/** Pictures as the shader's attributes: floats and integers share one buffer. */
function pack(pictures: readonly Placed[]): ArrayBuffer {
  const buffer = new ArrayBuffer(4 * PICTURE_WORDS * pictures.length)
  pictures.forEach(({ sheet, x, y, width, height }, i) => {
    const { steps } = sheet
    const offset = 4 * PICTURE_WORDS * i
    new Float32Array(buffer, offset, 6).set([x, y, width, height, sheet.columns, sheet.rows])
    const integers = [sheet.tiles, sheet.across, sheet.tileColumns, sheet.tileRows]
    integers.push(sheet.start, steps.tileAcross, steps.tileDown, steps.row)
    integers.push(steps.column, steps.channel, sheet.gap, KINDS[sheet.kind])
    new Int32Array(buffer, offset + 24, 12).set(integers)
  })
  return buffer
}

function floats(
  gl: WebGL2RenderingContext,
  program: WebGLProgram,
  name: string,
  size: number,
  stride: number,
  at: number,
) {
  const location = gl.getAttribLocation(program, name)
  if (location < 0) return
  gl.enableVertexAttribArray(location)
  gl.vertexAttribPointer(location, size, gl.FLOAT, false, stride, at)
  gl.vertexAttribDivisor(location, 1)
}

function integers(
  gl: WebGL2RenderingContext,
  program: WebGLProgram,
  name: string,
  stride: number,
  at: number,
) {
  const location = gl.getAttribLocation(program, name)
  if (location < 0) return
  gl.enableVertexAttribArray(location)
  gl.vertexAttribIPointer(location, 4, gl.INT, stride, at)
  gl.vertexAttribDivisor(location, 1)
}

function setColour(gl: WebGL2RenderingContext, at: WebGLUniformLocation | null, [red, green, blue]: Colour) {
  gl.uniform3f(at, red / 255, green / 255, blue / 255)
}
