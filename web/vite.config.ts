import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

/** Where `npm run dev` finds the runs: a running `onionskin view`. */
const VIEW = process.env['ONIONSKIN_VIEW'] ?? 'http://127.0.0.1:8700'

export default defineConfig({
  base: './', // the page also works from a folder of a static host
  plugins: [svelte()],
  build: {
    outDir: '../onionskin/view/page',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the server's content policy takes files, not data in scripts
  },
  server: {
    proxy: { '/runs.json': VIEW, '/runs/': { target: VIEW, changeOrigin: true } },
  },
  test: {
    include: ['src/**/*.test.ts', 'stories/*.test.ts'],
    environment: 'node',
    maxWorkers: '100%', // vitest alone leaves one core free: of two, half
  },
})
