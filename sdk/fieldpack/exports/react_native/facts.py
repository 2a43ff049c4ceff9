"""What react-native-fast-tflite has: versions, and the runtimes that its packages for both systems bring.

Source: its npm package, version 3.0.1: ``android/build.gradle`` (LiteRT 1.4.0), the podspec (TensorFlowLiteC
2.17.0), ``lib/typescript/specs/Tflite.nitro.d.ts``.
"""

from __future__ import annotations

PLUGIN = "3.0.1"
NITRO = "0.37.1"
RUNS = "2.17.0"
"""TFLite runtime whose operators both systems have."""
