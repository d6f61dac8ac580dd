import { svelte } from '@sveltejs/vite-plugin-svelte'
import { build, type Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { predictPage, singlePage, widget } from './vite.single.config.ts'

/** Where `npm run dev` finds the runs: a running `onionskin view`. */
const VIEW = process.env['ONIONSKIN_VIEW'] ?? 'http://127.0.0.1:8700'

export default defineConfig({
  base: './', // the page also works from a folder of a static host
  plugins: [svelte(), otherShells()],
  build: {
    outDir: '../onionskin/view/page',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the server's content policy takes files, not data in scripts
  },
  server: {
    proxy: { '/runs.json': VIEW, '/lab/': VIEW, '/runs/': { target: VIEW, changeOrigin: true } },
  },
  test: {
    include: ['src/**/*.test.ts', 'stories/*.test.ts'],
    environment: 'node',
    maxWorkers: '100%', // vitest alone leaves one core free: of two, half
  },
})

/** With the page for servers come the same page in one file, the page that predicts, and the notebook's widget. */
function otherShells(): Plugin {
  return {
    name: 'other-shells',
    apply: 'build',
    async closeBundle() {
      for (const shell of [singlePage, predictPage, widget]) await build(shell)
    },
  }
}
