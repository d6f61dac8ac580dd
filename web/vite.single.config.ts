/** What is one file: the page, the page that predicts, and the few lines for a notebook. Built with the page: see `vite.config.ts`. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import type { InlineConfig, Plugin, PluginOption } from 'vite'

const OUT = '../onionskin/view/page'

export const singlePage = oneFile('single.html', [svelte(), withoutOnnx()])

/** It runs models, in WebAssembly that `onionskin deploy` puts into it. */
export const predictPage = oneFile('predict.html', [withoutWasm()], " 'wasm-unsafe-eval'")

function oneFile(page: string, plugins: PluginOption[], runs = ''): InlineConfig {
  return {
    configFile: false,
    logLevel: 'warn',
    plugins: [...plugins, inOneFile(page, runs)],
    build: {
      outDir: OUT,
      emptyOutDir: false,
      target: 'es2022',
      modulePreload: false,
      cssCodeSplit: false,
      assetsInlineLimit: () => true,
      rolldownOptions: { input: page, output: { codeSplitting: false } },
    },
  }
}

export const widget: InlineConfig = {
  configFile: false,
  logLevel: 'warn',
  build: {
    outDir: OUT,
    emptyOutDir: false,
    target: 'es2022',
    lib: { entry: 'src/notebook/widget.ts', formats: ['es'], fileName: () => 'widget.js' },
  },
}

/** What runs a model in the browser is 14 MB: one file goes without, and the page says so (try/engine.ts). */
function withoutOnnx(): Plugin {
  return {
    name: 'without-onnx',
    enforce: 'pre',
    resolveId: (id) => (id.startsWith('onnxruntime-web') ? '\0without-onnx' : null),
    load: (id) => (id === '\0without-onnx' ? "export default ''" : null),
  }
}

/** onnxruntime names its WebAssembly and itself as files beside it: here it is given the one, and needs no second of the other. */
function withoutWasm(): Plugin {
  return {
    name: 'without-wasm',
    enforce: 'pre',
    transform: (code, id) =>
      id.includes('onnxruntime-web')
        ? code.replaceAll(/new (URL|\w)\("ort[^"]*",\s*import\.meta\.url\)/g, '({ href: "" })')
        : null,
  }
}

/** Puts scripts and styles into the page, and lets that script run and no other: a run from a stranger adds none. */
function inOneFile(name: string, runs: string): Plugin {
  return {
    name: 'in-one-file',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const page = bundle[name]
        if (page?.type !== 'asset') throw new Error(`there is no ${name}`)
        const icon = readFileSync(new URL('src/page/icon.svg', import.meta.url), 'utf8')
        const parts = Object.values(bundle)
        const script = parts
          .map((part) => (part.type === 'chunk' ? part.code : ''))
          .join('')
          .trim()
        const style = parts
          .map((part) => (part.type === 'asset' && part.fileName.endsWith('.css') ? String(part.source) : ''))
          .join('')
        // Within a script, `</script` and `<!--` would end it; in strings and patterns, where alone they stand, \x3c is <.
        const code = script.replaceAll(/<(?=\/script|!--)/gi, '\\x3c')
        const hash = createHash('sha256').update(code).digest('base64')
        const policy = `default-src 'none'; script-src 'sha256-${hash}'${runs}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'`
        page.source = String(page.source)
          .replaceAll(/\s*<(script|link)[^>]*(src|href)="[^"]*\.(js|css)"[^>]*>(<\/script>)?/g, '')
          .replace(/href="[^"]*\.svg"/, () => `href="data:image/svg+xml,${encodeURIComponent(icon)}"`)
          .replace('<!--policy-->', () => `<meta http-equiv="Content-Security-Policy" content="${policy}" />`)
          .replace('<!--style-->', () => `<style>${style}</style>`)
          .replace('<!--script-->', () => `<script type="module">${code}</script>`)
        for (const part of Object.keys(bundle)) if (part !== name) Reflect.deleteProperty(bundle, part)
      },
    },
  }
}
