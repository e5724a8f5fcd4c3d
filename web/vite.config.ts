import { defineConfig } from "vitest/config";

// `npm run dev` talks to a running node; LINESHAFT_URL says which one.
const node = process.env.LINESHAFT_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
    esbuild: { jsx: "automatic" },
    build: {
        target: "es2022",
        // The node sends a strict content security policy: nothing is inlined, everything is a file.
        assetsInlineLimit: 0,
        chunkSizeWarningLimit: 700,
        reportCompressedSize: true,
        modulePreload: { polyfill: false },
    },
    server: {
        proxy: {
            "/api": {
                target: node,
                changeOrigin: true,
                // A session cookie is only taken from the node's own origin.
                configure: (proxy) => proxy.on("proxyReq", (request) => request.setHeader("origin", node)),
            },
        },
    },
    test: { include: ["src/**/*.test.ts"] },
});
