"""What the page takes from LiteRT.js and from h3-js, and where it puts it."""

from __future__ import annotations

LITERT_VERSION = "2.5.3"
LITERT = {
    "@litertjs/core/dist/index.js": "runtime/litert.js",
    "@litertjs/wasm-utils/dist/index.js": "runtime/wasm-utils.js",
    "@litertjs/core/wasm/litert_wasm_internal.js": "runtime/wasm/litert_wasm_internal.js",
    "@litertjs/core/wasm/litert_wasm_internal.wasm": "runtime/wasm/litert_wasm_internal.wasm",
    "@litertjs/core/wasm/litert_wasm_compat_internal.js": "runtime/wasm/litert_wasm_compat_internal.js",
    "@litertjs/core/wasm/litert_wasm_compat_internal.wasm": "runtime/wasm/litert_wasm_compat_internal.wasm",
}
"""File of a package -> file of the export. The second pair is for browsers without relaxed SIMD."""
H3 = {"h3-js/dist/browser/h3-js.es.js": "runtime/h3.js"}
"""Only where the contract names H3 cells."""
IMPORTS = {
    "@litertjs/core": "./runtime/litert.js",
    "@litertjs/wasm-utils": "./runtime/wasm-utils.js",
    "h3-js": "./runtime/h3.js",
}
"""The import map of the page."""
FLOAT_TOLERANCE = 1e-5
"""How far a float flavour's answers may lie from those of the build machine; integers may not differ."""
