"""Versions and names that the generated projects fix, in one place.

Sources: Google's table of LiteRT releases for Android and the manifest of the package 2.3.0 (level 24); the
compatibility tables of the Android Gradle plugin 8.13 (Gradle 8.13, level 36, Kotlin 2.3 from 8.13.2 on); the
native library of LiteRT 2.3.0, which calls itself TFLite 2.22 in development, hence all of 2.21.
"""

from __future__ import annotations

PACKAGE = "org.fieldpack.bench"
"""Of the Android library and of the iOS app that hosts the test."""
RESULT = "fieldpack-phone.jsonl"
RESULT_SCHEMA = "fieldpack-phone/1"
PROJECT_SCHEMA = "fieldpack-phone-project/1"

# -- Android -------------------------------------------------------------------------------------
LITERT = "2.3.0"
"""``com.google.ai.edge.litert:litert``; the release that the wheel has, too."""
LITERT_RUNS = "2.21.0"
"""Newest TFLite runtime whose operators that release has all of."""
MIN_SDK = 24
COMPILE_SDK = 36
ANDROID_PLUGIN = "8.13.2"
GRADLE = "8.13"
KOTLIN = "2.3.0"
TEST_RUNNER = "1.6.2"
TEST_JUNIT = "1.2.1"
RUNNER = "androidx.test.runner.AndroidJUnitRunner"
ANDROID_TYPES = ("float32", "int32", "int8", "uint8")

# -- iOS -----------------------------------------------------------------------------------------
OLDEST_IOS = "15"
"""What the Swift sources need."""
FLOAT16_IOS = "16"
"""First with float16 arrays."""
MACOS_BEHIND = 3
"""macOS 12 came with iOS 15, and so on until both counted by the year."""
SAME_COUNT = 26
"""From this iOS on macOS has the same number."""
IOS_TYPES = ("float32", "float16", "int32")

# -- what the phones say of heat -----------------------------------------------------------------
THERMAL_WORDS = (
    "none", "light", "moderate", "severe", "critical", "emergency", "shutdown", "nominal", "fair", "serious",
)  # fmt: skip
"""The states of Android's ``PowerManager`` and of Apple's ``ProcessInfo``."""
UNTHROTTLED = ("none", "nominal", "fair")
"""States in which the platforms say that they do not slow down."""
