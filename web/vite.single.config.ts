/** The page in one file, and the few lines that show it in a notebook. Built with the page: see `vite.config.ts`. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import type { InlineConfig, Plugin } from 'vite'

const OUT = '../onionskin/view/page'

export const singlePage: InlineConfig = {
  configFile: false,
  logLevel: 'warn',
  plugins: [svelte(), withoutOnnx(), inOneFile()],
  build: {
    outDir: OUT,
    emptyOutDir: false,
    target: 'es2022',
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: () => true,
    rolldownOptions: { input: 'single.html', output: { codeSplitting: false } },
  },
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

/** Puts scripts and styles into the page, and lets that script run and no other: a run from a stranger adds none. */
function inOneFile(): Plugin {
  return {
    name: 'in-one-file',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const page = bundle['single.html']
        if (page?.type !== 'asset') throw new Error('there is no single.html')
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
        const policy = `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'`
        page.source = String(page.source)
          .replaceAll(/\s*<(script|link)[^>]*(src|href)="[^"]*\.(js|css)"[^>]*>(<\/script>)?/g, '')
          .replace(/href="[^"]*\.svg"/, () => `href="data:image/svg+xml,${encodeURIComponent(icon)}"`)
          .replace('<!--policy-->', () => `<meta http-equiv="Content-Security-Policy" content="${policy}" />`)
          .replace('<!--style-->', () => `<style>${style}</style>`)
          .replace('<!--script-->', () => `<script type="module">${code}</script>`)
        for (const name of Object.keys(bundle))
          if (name !== 'single.html') Reflect.deleteProperty(bundle, name)
      },
    },
  }
}
