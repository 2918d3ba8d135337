import { defineConfig } from "vite";

export default defineConfig({
  build: {
    // Nothing is written into a page or a style that the content security policy would have to allow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
});
